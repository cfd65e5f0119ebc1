"""Tells rows of the same origin apart: the first, the second …"""

from collections import Counter
from hashlib import blake2b


class Siblings:
    """Counts rows by their origin. What is kept of an origin is a short hash: there may be millions."""

    def __init__(self) -> None:
        self._count: Counter[bytes] = Counter()

    def place(self, origin: tuple[str, ...]) -> int:
        """How many rows of that origin came before this one."""
        key = blake2b("\n".join(origin).encode(), digest_size=16).digest()
        self._count[key] += 1
        return self._count[key] - 1
