"""Reads a JSON file item by item: the file is read in chunks, only one item is in memory at a time."""

import json
from collections.abc import Iterator
from typing import IO

_CHUNK_CHARS = 1 << 16
_LONGEST_CHARS = 1 << 26
_AFTER_NUMBER = tuple(",]} \t\r\n")
_CLOSING = {"[": "]", "{": "}"}


def json_items(text: IO[str]) -> Iterator[tuple[str | None, object]]:
    """Yield the items of an array, or the keys and items of an object; ValueError from where it is neither."""
    window = _Window(text)
    opening = window.take("[{")
    closing = _CLOSING[opening]
    if window.peek() == closing:
        window.take(closing)
    else:
        yield from window.items(keyed=opening == "{", closing=closing)
    if window.peek():
        raise ValueError("something follows the end")


class _Window:
    """The part of a file that is in memory, and how far it has been read."""

    def __init__(self, text: IO[str]) -> None:
        self._text = text
        self._buffer = ""
        self._at = 0
        self._decode = json.JSONDecoder().raw_decode

    def items(self, *, keyed: bool, closing: str) -> Iterator[tuple[str | None, object]]:
        while True:
            key = str(self.value()) if keyed and self.peek() == '"' else None
            if keyed:
                self.take(":")
            yield key, self.value()
            if self.take(f",{closing}") == closing:
                return

    def peek(self) -> str:
        """Return the next character that is no white space; nothing at the end."""
        while True:
            while self._at < len(self._buffer) and self._buffer[self._at].isspace():
                self._at += 1
            if self._at < len(self._buffer) or not self._more():
                return self._buffer[self._at : self._at + 1]

    def take(self, signs: str) -> str:
        """Consume the next character, which must be one of these."""
        sign = self.peek()
        if not sign or sign not in signs:
            raise ValueError(f"expected {' or '.join(signs)}, found {sign or 'the end'}")
        self._at += 1
        return sign

    def value(self) -> object:
        """Return the next value, once all of it is in memory."""
        self.peek()
        while True:
            try:
                value, end = self._decode(self._buffer, self._at)
            except json.JSONDecodeError:
                if not self._more():
                    raise
                continue
            # A number may go on in the next chunk: of 0.5 one may hold the 0, or the 0 and the point.
            if self._buffer[end : end + 1] in _AFTER_NUMBER or not isinstance(value, int | float) or not self._more():
                self._at = end
                return value

    def _more(self) -> bool:
        rest = self._buffer[self._at :]
        if len(rest) > _LONGEST_CHARS:
            raise ValueError(f"an item is malformed, or longer than {_LONGEST_CHARS} characters")
        chunk = self._text.read(max(_CHUNK_CHARS, len(rest)))
        if chunk:
            self._buffer, self._at = rest + chunk, 0
        return bool(chunk)
