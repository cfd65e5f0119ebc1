"""One row's way through a teacher: its calls, the answers that could be read, and repairs. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources

from synth_assets.core.canonical import Json
from synth_assets.core.contract import Values
from synth_assets.core.dialog import Message
from synth_assets.core.parse import Unreadable
from synth_assets.core.prompt import Prompt
from synth_assets.core.request import Call, Failure, Reply, Request, Target
from synth_assets.core.stage import Answer, Ask, Drawn, Reject, Row
from synth_assets.engine.job import Made, Rejected

_Told = tuple[Values | Reject, str | None, tuple[str, ...]]


@dataclass(slots=True)
class Thread:
    """One request and what became of it: `call` is to be asked next, until `end` is there."""

    call: Call
    keys: list[str] = field(default_factory=list)
    end: Answer | Rejected | None = None


@dataclass(slots=True)
class Sheet:
    """A row, and a thread for each of its requests. `refused` is why nothing is asked about it."""

    row: Row
    threads: list[Thread] = field(default_factory=list)
    refused: Rejected | None = None

    @property
    def open_threads(self) -> list[Thread]:
        """The threads that still want an answer."""
        return [thread for thread in self.threads if thread.end is None]


def start(stage: Ask, target: Target, row: Row) -> Sheet:
    """The calls that a row wants."""
    try:
        requests = stage.requests(row)
    except Reject as reject:
        return Sheet(row, refused=Rejected(row.values, reject.reason, reject.detail, (row.row_id,)))
    return Sheet(row, [Thread(Call(request, target)) for request in requests])


def take(stage: Ask, row: Row, thread: Thread, outcome: Reply | Failure) -> None:
    """Moves a thread on by one outcome: to its answer, to a repair, or to its end without one."""
    parents = (row.row_id,)
    if isinstance(outcome, Failure):
        keys = tuple(thread.keys)
        thread.end = Rejected(row.values, outcome.reason, outcome.detail, parents, call_keys=keys, failed=True)
        return
    thread.keys.append(thread.call.key)
    try:
        thread.end = Answer(thread.call.request, outcome, _read(stage, row, outcome))
    except Unreadable as fault:
        if thread.call.repair < stage.repairs:
            thread.call = _repair(thread.call, outcome, str(fault))
        else:
            thread.end = Rejected(row.values, str(fault), "", parents, outcome.text, tuple(thread.keys))


def _read(stage: Ask, row: Row, reply: Reply) -> Json:
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


def finish(stage: Ask, sheet: Sheet) -> list[Made | Rejected]:
    """The rows of a sheet whose threads have all ended, and its rejects: never neither."""
    if sheet.refused is not None:
        return [sheet.refused]
    row, parents = sheet.row, (sheet.row.row_id,)
    rejected = [thread.end for thread in sheet.threads if isinstance(thread.end, Rejected)]
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
            rejected.append(Rejected(row.values, outcome.reason, outcome.detail, parents, reply, own_keys))
        else:
            made.append(Made(outcome, parents, place, parents, own_keys))
    if not made and not rejected:
        rejected.append(Rejected(row.values, "the answers made no row", "", parents, *all_of_them))
    return [*made, *rejected]


def _told(each: Values | Reject | Drawn, sheet: Sheet, all_of_them: tuple[str | None, tuple[str, ...]]) -> _Told:
    """An outcome, the reply that it comes from, and the calls that led there."""
    if not isinstance(each, Drawn):
        return (each, *all_of_them)
    keys = next(tuple(thread.keys) for thread in sheet.threads if thread.end is each.answer)
    return each.outcome, each.answer.reply.text, keys


def _last(answers: list[Answer]) -> str | None:
    return answers[-1].reply.text if answers else None


def settle(stage: Ask, sheets: list[Sheet], known: Mapping[str, Reply]) -> int:
    """Moves every thread on by what is known; how many answers that were."""
    taken = 0
    for sheet in sheets:
        for thread in sheet.open_threads:
            reply = known.get(thread.call.key)
            if reply is not None:
                take(stage, sheet.row, thread, reply)
                taken += 1
    return taken
