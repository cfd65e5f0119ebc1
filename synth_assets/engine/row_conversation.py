"""One row's conversation with a teacher: its calls, the answers that could be read, and repairs. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any, TypeAlias

from synth_assets.core.contract import Values
from synth_assets.core.dialog import Message
from synth_assets.core.parse import Unreadable
from synth_assets.core.prompt import Prompt
from synth_assets.core.request import Call, Failure, Reply, Request, Target
from synth_assets.core.stage import Answer, Ask, DrawOutcome, Reject, Rejection, Row
from synth_assets.engine.job import MadeRow, RejectedRow

AnyAsk: TypeAlias = Ask[Any]


@dataclass(slots=True)
class Exchange:
    """One request and what came of it: `call` is asked next, until there is an `end`."""

    call: Call
    keys: list[str] = field(default_factory=list)
    end: Answer[Any] | RejectedRow | None = None


@dataclass(slots=True)
class RowConversation:
    """A row, and an exchange for each of its requests. `refused` is why nothing is asked about it."""

    row: Row
    exchanges: list[Exchange] = field(default_factory=list)
    refused: RejectedRow | None = None

    @property
    def open_exchanges(self) -> list[Exchange]:
        """The exchanges that still need an answer."""
        return [exchange for exchange in self.exchanges if exchange.end is None]

    @property
    def answered(self) -> list[tuple[Exchange, Answer[Any]]]:
        """The exchanges that ended with an answer, each with it."""
        return [(exchange, exchange.end) for exchange in self.exchanges if isinstance(exchange.end, Answer)]

    def keys_of(self, answer: Answer[Any]) -> tuple[str, ...]:
        """Return the keys of the calls that led to an answer."""
        return next(tuple(exchange.keys) for exchange, end in self.answered if end is answer)


def open_conversation(stage: AnyAsk, target: Target, row: Row) -> RowConversation:
    """Return a conversation with the calls that the row needs."""
    try:
        requests = stage.requests(row)
    except Reject as reject:
        return RowConversation(row, refused=reject_row(row, reject.rejection))
    return RowConversation(row, [Exchange(Call(request, target)) for request in requests])


def advance(stage: AnyAsk, row: Row, exchange: Exchange, outcome: Reply | Failure) -> None:
    """Move an exchange on by one outcome: to its answer, to a repair, or to its end without an answer."""
    if isinstance(outcome, Failure):
        keys = tuple(exchange.keys)
        failure = Rejection(outcome.reason, outcome.detail)
        exchange.end = reject_row(row, failure, keys=keys, failed=True)
        return
    exchange.keys.append(exchange.call.key)
    try:
        exchange.end = Answer(exchange.call.request, outcome, _read(stage, row, outcome))
    except Unreadable as fault:
        if exchange.call.repair < stage.repairs:
            exchange.call = _repair(exchange.call, outcome, str(fault))
        else:
            exchange.end = reject_row(row, Rejection(str(fault)), outcome.text, tuple(exchange.keys))


def advance_known(stage: AnyAsk, conversations: Sequence[RowConversation], replies: Mapping[str, Reply]) -> int:
    """Move every exchange on by the replies that are known; return how many were used."""
    used = 0
    for conversation in conversations:
        for exchange in conversation.open_exchanges:
            reply = replies.get(exchange.call.key)
            if reply is not None:
                advance(stage, conversation.row, exchange, reply)
                used += 1
    return used


def collect_rows(stage: AnyAsk, conversation: RowConversation) -> list[MadeRow | RejectedRow]:
    """Return the rows and rejects of a conversation that has ended: at least one of them."""
    if conversation.refused is not None:
        return [conversation.refused]
    row = conversation.row
    rejected = [exchange.end for exchange in conversation.exchanges if isinstance(exchange.end, RejectedRow)]
    answers = [answer for _, answer in conversation.answered]
    if rejected and (stage.needs_all_answers or not answers):
        return list(rejected)
    all_keys = tuple(key for exchange, _ in conversation.answered for key in exchange.keys)
    last_text = answers[-1].reply.text if answers else None
    made: list[MadeRow] = []
    try:
        outcomes = list(stage.rows(row, answers))
    except Reject as reject:
        return [*rejected, reject_row(row, reject.rejection, last_text, all_keys)]
    for ordinal, outcome in enumerate(outcomes):
        values, text, keys = _attribute(outcome, conversation, last_text, all_keys)
        if isinstance(values, Rejection):
            rejected.append(reject_row(row, values, text, keys))
        else:
            made.append(MadeRow(values, (row.row_id,), ordinal, (row.row_id,), keys))
    if not made and not rejected:
        rejected.append(reject_row(row, Rejection("the answers made no row"), last_text, all_keys))
    return [*made, *rejected]


def reject_row(
    row: Row, rejection: Rejection, reply: str | None = None, keys: tuple[str, ...] = (), *, failed: bool = False
) -> RejectedRow:
    """Return the reject of a row: what it held, with what was computed before it failed."""
    values = {**row.values, **rejection.values}
    return RejectedRow(values, rejection.reason, rejection.detail, (row.row_id,), reply, keys, failed)


def _attribute(
    outcome: Values | DrawOutcome, conversation: RowConversation, text: str | None, keys: tuple[str, ...]
) -> tuple[Values | Rejection, str | None, tuple[str, ...]]:
    """Return what was made, the reply it comes from, and the calls that led there."""
    if not isinstance(outcome, DrawOutcome):
        return outcome, text, keys
    return outcome.outcome, outcome.answer.reply.text, conversation.keys_of(outcome.answer)


def _read(stage: AnyAsk, row: Row, reply: Reply) -> Any:
    if reply.finish_reason == "length":
        raise Unreadable("the answer was cut off at the token limit")
    return stage.read(row, reply)


def _repair(call: Call, reply: Reply, reason: str) -> Call:
    answer = Message("assistant", reply.text or " ")
    complaint = Message("user", _repair_prompt().render({"reason": reason}))
    request = call.request
    again = Request((*request.messages, answer, complaint), request.schema, request.tools, request.draw)
    return Call(again, call.target, call.repair + 1)


@cache
def _repair_prompt() -> Prompt:
    return Prompt(resources.files("synth_assets.engine").joinpath("repair.jinja").read_text("utf-8"))
