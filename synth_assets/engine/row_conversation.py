"""One row's way through a teacher: its calls, the answers that could be read, and repairs. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources

from synth_assets.core.contract import Values
from synth_assets.core.dialog import Message
from synth_assets.core.parse import Unreadable
from synth_assets.core.prompt import Prompt
from synth_assets.core.request import Call, Failure, Reply, Request, Target
from synth_assets.core.stage import Answer, Ask, DrawOutcome, Reject, Row, T
from synth_assets.engine.job import MadeRow, RejectedRow

_Told = tuple[Values | Reject, str | None, tuple[str, ...]]


@dataclass(slots=True)
class Exchange:
    """One request and what became of it: `call` is to be asked next, until `end` is there."""

    call: Call
    keys: list[str] = field(default_factory=list)
    end: Answer | RejectedRow | None = None


@dataclass(slots=True)
class RowConversation:
    """A row, and a thread for each of its requests. `refused` is why nothing is asked about it."""

    row: Row
    threads: list[Exchange] = field(default_factory=list)
    refused: RejectedRow | None = None

    @property
    def open_threads(self) -> list[Exchange]:
        """The threads that still want an answer."""
        return [thread for thread in self.threads if thread.end is None]


def open_conversation(stage: Ask, target: Target, row: Row) -> RowConversation:
    """The calls that a row wants."""
    try:
        requests = stage.requests(row)
    except Reject as reject:
        return RowConversation(row, refused=RejectedRow(row.values, reject.reason, reject.detail, (row.row_id,)))
    return RowConversation(row, [Exchange(Call(request, target)) for request in requests])


def advance(stage: Ask, row: Row, thread: Exchange, outcome: Reply | Failure) -> None:
    """Moves a thread on by one outcome: to its answer, to a repair, or to its end without one."""
    parents = (row.row_id,)
    if isinstance(outcome, Failure):
        keys = tuple(thread.keys)
        thread.end = RejectedRow(row.values, outcome.reason, outcome.detail, parents, call_keys=keys, failed=True)
        return
    thread.keys.append(thread.call.key)
    try:
        thread.end = Answer(thread.call.request, outcome, _read(stage, row, outcome))
    except Unreadable as fault:
        if thread.call.repair < stage.repairs:
            thread.call = _repair(thread.call, outcome, str(fault))
        else:
            thread.end = RejectedRow(row.values, str(fault), "", parents, outcome.text, tuple(thread.keys))


def _read(stage: Ask[T], row: Row, reply: Reply) -> T:
    if reply.finish_reason == "length":
        raise Unreadable("the answer was cut off at the token limit")
    return stage.read(row, reply)


def _repair(call: Call, reply: Reply, reason: str) -> Call:
    said = Message("assistant", reply.text or " ")
    asked = Message("user", _repair_prompt().render({"reason": reason}))
    request = call.request
    again = Request((*request.messages, said, asked), request.schema, request.tools, request.draw)
    return Call(again, call.target, call.repair + 1)


@cache
def _repair_prompt() -> Prompt:
    return Prompt(resources.files("synth_assets.engine").joinpath("repair.jinja").read_text("utf-8"))


def collect_rows(stage: Ask, sheet: RowConversation) -> list[MadeRow | RejectedRow]:
    """The rows of a sheet whose threads have all ended, and its rejects: never neither."""
    if sheet.refused is not None:
        return [sheet.refused]
    row, parents = sheet.row, (sheet.row.row_id,)
    rejected = [thread.end for thread in sheet.threads if isinstance(thread.end, RejectedRow)]
    answers = [thread.end for thread in sheet.threads if isinstance(thread.end, Answer)]
    if rejected and (stage.needs_all_answers or not answers):
        return list(rejected)
    keys = tuple(key for thread in sheet.threads if isinstance(thread.end, Answer) for key in thread.keys)
    all_of_them = _last(answers), keys
    try:
        outcomes = [_told(each, sheet, all_of_them) for each in stage.rows(row, answers)]
    except Reject as reject:
        outcomes = [(reject, *all_of_them)]
    made = []
    for place, (outcome, reply, own_keys) in enumerate(outcomes):
        if isinstance(outcome, Reject):
            values = {**row.values, **outcome.values}
            rejected.append(RejectedRow(values, outcome.reason, outcome.detail, parents, reply, own_keys))
        else:
            made.append(MadeRow(outcome, parents, place, parents, own_keys))
    if not made and not rejected:
        rejected.append(RejectedRow(row.values, "the answers made no row", "", parents, *all_of_them))
    return [*made, *rejected]


def _told(
    each: Values | Reject | DrawOutcome, sheet: RowConversation, all_of_them: tuple[str | None, tuple[str, ...]]
) -> _Told:
    """An outcome, the reply that it comes from, and the calls that led there."""
    if not isinstance(each, DrawOutcome):
        return (each, *all_of_them)
    keys = next(tuple(thread.keys) for thread in sheet.threads if thread.end is each.answer)
    return each.outcome, each.answer.reply.text, keys


def _last(answers: list[Answer]) -> str | None:
    return answers[-1].reply.text if answers else None


def advance_known(stage: Ask, sheets: list[RowConversation], known: Mapping[str, Reply]) -> int:
    """Moves every thread on by what is known; how many answers that were."""
    taken = 0
    for sheet in sheets:
        for thread in sheet.open_threads:
            reply = known.get(thread.call.key)
            if reply is not None:
                advance(stage, sheet.row, thread, reply)
                taken += 1
    return taken
