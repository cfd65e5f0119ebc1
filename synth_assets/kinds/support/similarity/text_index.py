"""Texts that say nearly the same: what an index of those seen so far can do, and the plainest one, of equal words."""

import hashlib
import re
import unicodedata
from typing import Protocol

_WORD = re.compile(r"\w+")


class Index(Protocol):
    """Texts seen so far, by number."""

    def near(self, text: str) -> tuple[int, float] | None:
        """The earlier text that is most like this one, and how much; None if none is like it enough."""

    def add(self, text: str) -> None:
        """Takes a text in; it has the next number."""


def words(text: str) -> list[str]:
    """The words of a text, however they are written."""
    return _WORD.findall(unicodedata.normalize("NFKC", text).casefold())


class Exact:
    """Texts of the same words, whatever their case, punctuation and white space."""

    def __init__(self) -> None:
        self._numbers: dict[bytes, int] = {}
        self._size = 0

    def near(self, text: str) -> tuple[int, float] | None:
        number = self._numbers.get(_digest(text))
        return None if number is None else (number, 1.0)

    def add(self, text: str) -> None:
        self._numbers.setdefault(_digest(text), self._size)
        self._size += 1


def _digest(text: str) -> bytes:
    said = " ".join(words(text)) or text.strip()
    return hashlib.blake2b(said.encode("utf-8", "surrogatepass"), digest_size=16).digest()
