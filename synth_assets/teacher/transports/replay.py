"""Answers from a recording, by prompt and draw."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

from synth_assets.core.canonical import Json, content_hash
from synth_assets.core.errors import TeacherError
from synth_assets.core.request import Call
from synth_assets.teacher.tokens import by_length
from synth_assets.teacher.transports.transport import LocalTransport
from synth_assets.teacher.wire import Completion

_SHOWN = 80


def recording_hash(path: Path) -> str:
    """Return a hash of a recording's content; raise TeacherError where there is none."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()[:32]
    except OSError as error:
        raise _broken(path, f"it cannot be read: {error.strerror}") from error


def line_of(call: Call, text: str) -> str:
    """Return a line of a recording: what was asked, and the answer."""
    messages = [message.to_json() for message in call.request.messages]
    return json.dumps({"messages": messages, "draw": call.request.draw, "text": text}, ensure_ascii=False) + "\n"


class ReplayTransport(LocalTransport):
    """Looks answers up; a prompt that was not recorded ends the run, and is never invented."""

    def __init__(self, path: Path, model: str) -> None:
        self._path = path
        self._model = model
        self._texts: dict[str, str] = {}

    async def __aenter__(self) -> Self:
        with self._path.open(encoding="utf-8") as lines:
            for number, line in enumerate(lines, start=1):
                if line.strip():
                    self._read(number, line)
        return self

    async def send(self, call: Call, body: bytes) -> tuple[Completion, Mapping[str, str]]:
        """Return the recorded answer."""
        return self.answer(call), {}

    def answer(self, call: Call) -> Completion:
        """Return the recorded answer; raise TeacherError with the prompt that has none."""
        messages = [message.to_json() for message in call.request.messages]
        text = self._texts.get(_key(messages, call.request.draw))
        if text is None:
            start = call.request.messages[-1].content[:_SHOWN] if call.request.messages else ""
            raise TeacherError(
                f"nothing is recorded for draw {call.request.draw} of the prompt that ends with {start!r}",
                where=str(self._path),
                remedy="record it, or let another teacher answer (SYNTH_TEACHER=offline, or none)",
            )
        asked = sum(by_length(message.content) for message in call.request.messages)
        return Completion(text, "stop", self._model, asked, by_length(text))

    def _read(self, number: int, line: str) -> None:
        try:
            text = json.loads(line)
            self._texts[_key(text["messages"], int(text.get("draw", 0)))] = str(text["text"])
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise _broken(self._path, f"line {number} is no recorded answer") from error


def _key(messages: Sequence[Mapping[str, Json]], draw: int) -> str:
    plain = [[message["role"], message["content"]] for message in messages]
    return content_hash("recording/1", [plain, draw])


def _broken(path: Path, message: str) -> TeacherError:
    remedy = 'write each answer as one line: {"messages": [{"role": …, "content": …}], "draw": 0, "text": …}'
    return TeacherError(message, where=str(path), remedy=remedy)
