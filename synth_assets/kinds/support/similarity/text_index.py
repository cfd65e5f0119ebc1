"""Declares an index of the texts seen so far, and implements the simplest one, of equal words."""

import hashlib
import re
import unicodedata
from typing import Protocol

_WORD = re.compile(r"\w+")


class Index(Protocol):
    """Numbers the texts seen so far, and finds similar ones."""

    def near(self, text: str) -> tuple[int, float] | None:
        """Return the number and the similarity of the most similar text; None if none is similar enough."""

    def add(self, text: str) -> None:
        """Add a text under the next number."""


def words(text: str) -> list[str]:
    """Return the words of a text, without regard to case and Unicode form."""
    return _WORD.findall(unicodedata.normalize("NFKC", text).casefold())


class Exact:
    """Finds texts of the same words, whatever their case, punctuation and white space."""

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
    normalized = " ".join(words(text)) or text.strip()
    return hashlib.blake2b(normalized.encode("utf-8", "surrogatepass"), digest_size=16).digest()
