"""ROUGE-L between a text and all earlier ones, exactly, without comparing most of them."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from math import ceil

from synth_assets.kinds.support.similarity.text_index import words

_EPSILON = 1e-9


class RougeL:
    """Finds texts by ROUGE-L of words (F1 of the longest common subsequence), as self-instruct does."""

    def __init__(self, threshold: float) -> None:
        self._threshold = threshold
        self._vocabulary: dict[str, int] = {}
        self._texts: list[list[int]] = []
        self._index: defaultdict[tuple[str, int], list[int]] = defaultdict(list)

    def near(self, text: str) -> tuple[int, float] | None:
        from rapidfuzz.distance import LCSseq

        tokens = words(text)
        numbers = self._numbers(tokens)
        candidates = {number for token in self._prefix(tokens) for number in self._index.get(token, ())}
        best: tuple[int, float] | None = None
        for candidate in sorted(candidates):
            other = self._texts[candidate]
            length = len(numbers) + len(other)
            least = ceil(self._threshold * length / 2 - _EPSILON)
            if min(len(numbers), len(other)) < least:
                continue
            score = 2 * LCSseq.similarity(numbers, other, score_cutoff=least) / length
            if score >= self._threshold and (best is None or score > best[1]):
                best = candidate, score
        return best

    def add(self, text: str) -> None:
        tokens = words(text)
        for token in self._prefix(tokens):
            self._index[token].append(len(self._texts))
        self._texts.append(self._numbers(tokens))

    def _numbers(self, tokens: Sequence[str]) -> list[int]:
        """Return a number for each word, since rapidfuzz compares hashes, and those of strings may collide."""
        return [self._vocabulary.setdefault(token, len(self._vocabulary)) for token in tokens]

    def _prefix(self, tokens: Sequence[str]) -> list[tuple[str, int]]:
        """Return the prefix that two sufficiently similar texts share a token of: long words first, as they are rare.

        A repeated word counts as several tokens.
        """
        count: Counter[str] = Counter()
        numbered = []
        for token in tokens:
            numbered.append((token, count[token]))
            count[token] += 1
        numbered.sort(key=lambda pair: (-len(pair[0]), pair))
        shared = ceil(self._threshold / (2 - self._threshold) * len(numbered) - _EPSILON)
        return numbered[: len(numbered) - max(shared, 1) + 1]
