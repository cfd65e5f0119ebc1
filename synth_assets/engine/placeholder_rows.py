"""A row that is not known yet: what a plan reckons with in its place, to count and to weigh the calls it will take."""

from synth_assets.core.canonical import Json
from synth_assets.core.contract import Column, Contract
from synth_assets.core.request import Request
from synth_assets.core.stage import Reject, Row
from synth_assets.engine.row_conversation import AnyAsk

PLACEHOLDER = Row("", {})
"""Stands in a batch for a row whose answer is not there yet."""

PLACEHOLDER_CHARACTERS = 400
_TEXT = ("so many words as a text may have " * 20)[:PLACEHOLDER_CHARACTERS]
_TEXTS = 3


def placeholder_requests(stage: AnyAsk, read: Contract) -> list[Request]:
    """What the stage would ask about a row of middling texts; nothing where such a row is not fit to be asked about."""
    try:
        return stage.requests(Row("", {column.name: _supposed(column) for column in read.columns}))
    except Reject:
        return []


def _supposed(column: Column) -> Json:
    text = column.accepted[0] if column.accepted else _TEXT[: column.max_length]
    values: dict[str, Json] = {
        "text": text,
        "texts": [f"{place} {_TEXT}" for place in range(column.max_length or max(_TEXTS, column.min_length or 0))],
        "dialog": [{"role": role, "content": _TEXT} for role in ("user", "assistant", "user")],
        "boolean": True,
        "timestamp": "2000-01-01 00:00:00",
        "json": {},
    }
    return values.get(column.type, int(column.minimum or 0))
