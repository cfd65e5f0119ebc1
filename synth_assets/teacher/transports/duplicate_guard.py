"""Detects a response that belongs to another call: sent twice, or late, on a reused connection."""

from collections import OrderedDict

_REMEMBERED = 8192


class DuplicateGuard:
    """The id of a response answers one question.

    The same id for another question gives the response away. Servers whose ids mean nothing
    are known by giving the same one from the start: with them nothing can be told.
    """

    __slots__ = ("_asked", "_first", "_pointless")

    def __init__(self) -> None:
        self._asked: OrderedDict[str, int] = OrderedDict()
        self._first: bytes | None = None
        self._pointless = False

    def is_echo(self, answer_id: str, body: bytes, answer: bytes) -> bool:
        """Return whether this response already answered another body."""
        if not answer_id or self._pointless:
            return False
        asked = hash(body)
        known = self._asked.get(answer_id)
        if known is None:
            self._first = None if self._asked else answer
            self._asked[answer_id] = asked
            if len(self._asked) > _REMEMBERED:
                self._asked.popitem(last=False)
            return False
        if known == asked:
            return False
        if len(self._asked) == 1:  # the first answer once more, to the byte, is an echo; but only once
            self._pointless, self._first = self._first != answer, None
        return not self._pointless
