"""A call and its reply as the ledger keeps them: each column is declared once, and read and written by that.

A new column is one entry here. A lake that lacks it gets it when the engine opens the lake; its older rows hold NULL.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, fields
from datetime import UTC, datetime
from operator import attrgetter
from typing import Any

from synth_assets.core.canonical import Json, canonical_json
from synth_assets.core.contract import Column, ColumnType, Contract, Gate
from synth_assets.core.request import Call, Reply

CALLS = "ops.calls"
Record = Mapping[str, Json]
"""A row of the ledger, as the journal spells it."""


@dataclass(frozen=True, slots=True)
class LedgerScope:
    """On whose account a call is made."""

    run_id: str
    recipe: str
    stage: str
    partition_key: str


@dataclass(frozen=True, slots=True)
class CallRecord:
    """A call, its reply, and who asked."""

    call: Call
    reply: Reply
    scope: LedgerScope

    def to_record(self) -> Record:
        """Return the row of the ledger but for `spare`, which is known when it is moved into the lake."""
        row = {column.name: column.value(self) for column in CALL_COLUMNS if column.value is not None}
        return {**row, "partition_key": self.scope.partition_key}


@dataclass(frozen=True, slots=True)
class CallColumn:
    """A column of the ledger: what it holds of a record, and which field of a reply it restores."""

    name: str
    type: ColumnType
    description: str
    value: Callable[[CallRecord], Json] | None
    restores: str | None = None
    nullable: bool = False


def of_reply(
    name: str, type_: ColumnType, description: str, field: str | None = None, *, nullable: bool = False
) -> CallColumn:
    """Declare a column that keeps a field of the reply, by default the one of its own name."""
    kept = field or name
    return CallColumn(
        name, type_, description, lambda record: _encode(getattr(record.reply, kept), type_), kept, nullable
    )


CALL_COLUMNS = (
    CallColumn("call_key", "text", "hash of all that shapes the answer", attrgetter("call.key")),
    CallColumn("spare", "boolean", "true for a second purchase of one key by runs that raced", None),
    CallColumn("run_id", "text", "the run that wrote this row", attrgetter("scope.run_id")),
    CallColumn("recipe", "text", "the recipe, or the schema of a SQL model", attrgetter("scope.recipe")),
    CallColumn("stage", "text", "the stage, or the table of a SQL model", attrgetter("scope.stage")),
    CallColumn(
        "endpoint",
        "text",
        "who answered: a server, offline/N or replay/HASH",
        attrgetter("call.target.endpoint"),
    ),
    CallColumn("model", "text", "the model that was asked", attrgetter("call.target.model")),
    CallColumn("draw", "integer", "which of the answers to one prompt", attrgetter("call.request.draw")),
    CallColumn("repair", "integer", "times an unreadable answer had been sent back", attrgetter("call.repair")),
    CallColumn("request", "json", "messages, sampling and format, as they were hashed", attrgetter("call.spelt")),
    of_reply("reply", "text", "the text of the answer", "text"),
    of_reply("tool_calls", "json", "tool calls of the answer", nullable=True),
    of_reply("finish_reason", "text", "why the teacher stopped"),
    of_reply("answered_by", "text", "the model that the reply names", "model"),
    of_reply("prompt_tokens", "integer", "tokens sent"),
    of_reply("completion_tokens", "integer", "tokens received"),
    of_reply("cost_usd", "number", "US dollars; NULL where the price is not known", nullable=True),
    of_reply("latency_s", "number", "seconds of the attempt that was answered"),
    of_reply("attempts", "integer", "attempts it took"),
    of_reply("asked_at", "timestamp", "when it was asked"),
    CallColumn("day", "text", "the day it was asked (UTC)", lambda record: _day(record.reply.asked_at)),
)

CALLS_CONTRACT = Contract(
    tuple(Column(each.name, each.type, each.description, each.nullable) for each in CALL_COLUMNS),
    "Every request to a teacher and its reply. A key is bought once; `spare` marks what a race bought again.",
    Gate(min_rows=0),
)

_REPLY_COLUMNS = tuple((each, each.restores) for each in CALL_COLUMNS if each.restores is not None)
REPLY_SELECT = ", ".join(["call_key", *(each.name for each, _ in _REPLY_COLUMNS)])
"""What a query must select so that `restore_reply` can read its rows."""

_HAS_DEFAULT = {field.name for field in fields(Reply) if field.default is not MISSING}


def restore_reply(row: Mapping[str, object]) -> Reply:
    """Return the reply that a row of the ledger holds."""
    found = {kept: _decode(row[each.name], each.type) for each, kept in _REPLY_COLUMNS}
    return Reply(**{name: value for name, value in found.items() if value is not None or name not in _HAS_DEFAULT})


def _day(asked_at: float) -> str:
    return datetime.fromtimestamp(asked_at, UTC).date().isoformat()


def _encode(value: object, type_: ColumnType) -> Json:
    if type_ == "timestamp":
        assert isinstance(value, float)
        return datetime.fromtimestamp(value, UTC).isoformat()
    if type_ == "json":
        return canonical_json(list(value)) if isinstance(value, tuple) and value else None
    assert value is None or isinstance(value, str | int | float)
    return value


def _decode(value: object, type_: ColumnType) -> Any:
    if value is None:
        return None
    if type_ == "timestamp":
        assert isinstance(value, datetime)
        return value.timestamp()
    return tuple(json.loads(str(value))) if type_ == "json" else value
