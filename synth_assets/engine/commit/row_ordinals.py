"""Tells rows of the same origin apart: the first, the second …"""

from collections import Counter

from synth_assets.engine.checks.seen_texts import SeenTexts


class RowOrdinals:
    """Counts rows by their origin. Most are alone, so that little is kept of them: there may be millions."""

    def __init__(self) -> None:
        self._seen = SeenTexts()
        self._more: Counter[tuple[str, ...]] = Counter()

    def next_ordinal(self, origin: tuple[str, ...]) -> int:
        """Return how many rows of that origin came before this one."""
        if self._seen.add("\n".join(origin)):
            return 0
        self._more[origin] += 1
        return self._more[origin]
