"""What is wrong with one line of preferences (a prompt, a chosen and a rejected answer), or how long it is."""

from collections.abc import Mapping, Sequence

from synth_assets.core.canonical import Json, content_hash
from synth_assets.exports.chat_line import ChatJudge, LineFault, Size

SIDES = ("chosen", "rejected")


class PreferenceJudge:
    """Judges lines of preferences: after the prompt, either answer must make a dialog to train on."""

    def __init__(self) -> None:
        self._chat = ChatJudge()
        self._seen: set[str] = set()

    def judge(self, example: Mapping[str, Json], /) -> Size | LineFault:
        """The size of a good line, both answers counted; a line that was there before is a duplicate."""
        parts = [example.get(name) for name in ("prompt", *SIDES)]
        if not all(isinstance(part, Sequence) and not isinstance(part, str) and part for part in parts):
            return LineFault("not a preference", "prompt, chosen and rejected must each hold a list of messages")
        prompt, *sides = (list(part) for part in parts if isinstance(part, Sequence))
        sizes = []
        for name, side in zip(SIDES, sides, strict=True):
            size = self._chat.measure({"messages": [*prompt, *side]})
            if isinstance(size, LineFault):
                return LineFault(size.reason, f"{name}: {size.detail}")
            sizes.append(size)
        if sides[0] == sides[1]:
            return LineFault("no difference", "the chosen answer is the rejected one, too")
        mark = content_hash("preference/1", [prompt, *sides])
        if mark in self._seen:
            return LineFault("duplicate", "an earlier line holds the same preference")
        self._seen.add(mark)
        return Size(sum(size.characters for size in sizes), sum(size.tokens for size in sizes))
