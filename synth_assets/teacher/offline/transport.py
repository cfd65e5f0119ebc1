"""The teacher without a key: it answers by rules, always the same, and says so in every answer."""

from collections.abc import Mapping

from synth_assets.core.rehearsal import Dice
from synth_assets.core.request import Call, Request
from synth_assets.core.stage import Ask
from synth_assets.core.teacher_spec import OFFLINE_MODEL
from synth_assets.kinds import kinds
from synth_assets.teacher.offline.schema_instance import answer_to
from synth_assets.teacher.tokens import by_length
from synth_assets.teacher.transports.transport import LocalTransport
from synth_assets.teacher.wire import Completion


class OfflineTransport(LocalTransport):
    """Answers at once, in this process."""

    async def send(self, call: Call, body: bytes) -> tuple[Completion, Mapping[str, str]]:
        """Return the answer of the rules."""
        return offline_answer(call), {}


def offline_answer(call: Call) -> Completion:
    """Return the offline answer to a call: the same for the same messages, schema and draw."""
    request = call.request
    dice = Dice.of(request)
    rehearsed = _rehearse(request, dice)
    text, tool_calls = answer_to(request, dice) if rehearsed is None else (rehearsed, ())
    asked = sum(by_length(message.content) for message in request.messages)
    reason = "tool_calls" if tool_calls else "stop"
    return Completion(text, reason, OFFLINE_MODEL, asked, by_length(text), tool_calls)


def _rehearse(request: Request, dice: Dice) -> str | None:
    """Ask each kind whether the request is one of its own; None if it is nobody's."""
    answers = (kind.rehearse(request, dice) for kind in kinds().values() if issubclass(kind, Ask))
    return next((answer for answer in answers if answer is not None), None)
