"""What tests of Ask kinds share: a row is asked about, replies are given as text, and rows come back."""

from collections.abc import Sequence

from synth_assets.core.canonical import Json
from synth_assets.core.contract import Values
from synth_assets.core.request import Reply, Request
from synth_assets.core.stage import Answer, Ask, DrawOutcome, Rejection, Row


def row(**values: Json) -> Row:
    return Row("r", values)


def reply(text: str, finish_reason: str = "stop") -> Reply:
    return Reply(text, finish_reason, "small", 1, 1, 0.0, 0.1, 1, 0.0)


def made(stage: Ask, given: Row, replies: Sequence[str]) -> tuple[list[Values], list[Rejection]]:
    """The rows and rejects that the replies make, each request having its own."""
    requests = stage.requests(given)
    answers = [
        Answer(request, reply(text), stage.read(given, reply(text)))
        for request, text in zip(requests, replies, strict=True)
    ]
    outcomes = [each.outcome if isinstance(each, DrawOutcome) else each for each in stage.rows(given, answers)]
    rejects = [each for each in outcomes if isinstance(each, Rejection)]
    return [each for each in outcomes if not isinstance(each, Rejection)], rejects


def shown(request: Request) -> str:
    """A request as the golden files keep it."""
    return "".join(f"--- {message.role}\n{message.content}\n" for message in request.messages)
