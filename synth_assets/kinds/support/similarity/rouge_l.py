"""ROUGE-L between a text and all earlier ones, exactly, without comparing most of them."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from math import ceil

from synth_assets.kinds.support.similarity.text_index import words


class RougeL:
    """ROUGE-L of words (F1 of the longest common subsequence), as self-instruct compares instructions."""

    def __init__(self, threshold: float) -> None:
        self._threshold = threshold
        self._texts: list[list[str]] = []
        self._index: defaultdict[tuple[str, int], list[int]] = defaultdict(list)

    def near(self, text: str) -> tuple[int, float] | None:
        said = words(text)
        places = _bits(said)
        best: tuple[int, float] | None = None
        for number in sorted({number for token in self._prefix(said) for number in self._index.get(token, ())}):
            other = self._texts[number]
            if min(len(said), len(other)) * 2 < self._threshold * (len(said) + len(other)):
                continue
            score = 2 * _common(places, len(said), other) / (len(said) + len(other))
            if score >= self._threshold and (best is None or score > best[1]):
                best = number, score
        return best

    def add(self, text: str) -> None:
        said = words(text)
        for token in self._prefix(said):
            self._index[token].append(len(self._texts))
        self._texts.append(said)

    def _prefix(self, said: Sequence[str]) -> list[tuple[str, int]]:
        """So many of the words that two texts which are alike enough share one of them; long words are rare ones."""
        count: Counter[str] = Counter()
        tokens = []
        for word in said:
            tokens.append((word, count[word]))
            count[word] += 1
        tokens.sort(key=lambda token: (-len(token[0]), token))
        shared = ceil(self._threshold / (2 - self._threshold) * len(tokens) - 1e-9)
        return tokens[: len(tokens) - max(shared, 1) + 1]


def _bits(said: Sequence[str]) -> dict[str, int]:
    places: dict[str, int] = {}
    for place, word in enumerate(said):
        places[word] = places.get(word, 0) | 1 << place
    return places


def _common(places: dict[str, int], length: int, other: Sequence[str]) -> int:
    """The length of the longest common subsequence, a row of the table at a time (Hyyrö's bits)."""
    mask = row = (1 << length) - 1
    for word in other:
        matched = row & places.get(word, 0)
        row = (row + matched | row - matched) & mask
    return length - row.bit_count()
