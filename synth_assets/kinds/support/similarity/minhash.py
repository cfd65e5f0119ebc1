"""Jaccard similarity between a text and all earlier ones: candidates by MinHash, each then measured exactly."""

from typing import TYPE_CHECKING

from synth_assets.core.canonical import content_hash
from synth_assets.kinds.support.similarity.text_index import words

if TYPE_CHECKING:
    import numpy as np

_SHINGLE = 5
_SEEDS = 128
_RECALL = 0.99
_GOLDEN = 0x9E3779B97F4A7C15  # an odd number that spreads what it multiplies over all bits
_FEW = 8
_MARGIN = 0.15  # more than three standard deviations of what a signature of 128 hashes tells


class MinHash:
    """Jaccard similarity of five-character shingles; candidates by MinHash in bands, each then measured exactly."""

    def __init__(self, threshold: float) -> None:
        import numpy as np

        self._threshold = threshold
        self._bands, self._rows = _banding(threshold)
        hashes = [content_hash("minhash/1", place) for place in range(2 * self._bands * self._rows)]
        numbers = np.array([int(text[:8], 16) for text in hashes], dtype=np.uint32)
        self._factors, self._offsets = numbers[::2] | np.uint32(1), numbers[1::2]
        # Most buckets hold one text: a number takes a third of the room of a list with a number.
        self._buckets: list[dict[int, int | list[int]]] = [{} for _ in range(self._bands)]
        self._shingles: list[np.ndarray] = []
        self._signatures = np.empty((1_024, self._bands * self._rows), dtype=np.uint32)
        self._last: tuple[str, np.ndarray, np.ndarray] | None = None

    def near(self, text: str) -> tuple[int, float] | None:
        shingles, signature = self._measured(text)
        best: tuple[int, float] | None = None
        for number in self._likely(signature):
            score = _jaccard(shingles, self._shingles[number])
            if score >= self._threshold and (best is None or score > best[1]):
                best = number, score
        return best

    def add(self, text: str) -> None:
        import numpy as np

        shingles, signature = self._measured(text)
        number = len(self._shingles)
        if number == len(self._signatures):
            self._signatures = np.concatenate([self._signatures, np.empty_like(self._signatures)])
        self._signatures[number] = signature
        self._shingles.append(shingles)
        for bucket, key in zip(self._buckets, self._keys(signature), strict=True):
            there = bucket.setdefault(key, number)
            if isinstance(there, list):
                there.append(number)
            elif there != number:
                bucket[key] = [there, number]

    def _likely(self, signature: "np.ndarray") -> list[int]:
        """The texts that share a band, less those whose signatures differ in far too many places."""
        import numpy as np

        numbers: list[int] = []
        for bucket, key in zip(self._buckets, self._keys(signature), strict=True):
            there = bucket.get(key, ())
            numbers += [there] if isinstance(there, int) else there
        found = np.unique(np.array(numbers, dtype=np.int64))
        if len(found) > _FEW:
            agreeing = (self._signatures[found] == signature).sum(axis=1)
            found = found[agreeing >= (self._threshold - _MARGIN) * len(signature)]
        return [int(number) for number in found]

    def _keys(self, signature: "np.ndarray") -> list[int]:
        """A key for each band. Two bands may share one by chance: what they find is measured anyway."""
        import numpy as np

        key = np.zeros(self._bands, dtype=np.uint64)
        for column in signature.reshape(self._bands, self._rows).T:
            key = key * np.uint64(_GOLDEN) + column
        return key.tolist()

    def _measured(self, text: str) -> "tuple[np.ndarray, np.ndarray]":
        """The shingles of a text and the least of their hashes under each of many permutations."""
        if self._last is None or self._last[0] != text:
            shingles = _shingled(text)
            # Multiplying by an odd number and adding another permutes the 32-bit integers.
            permuted = self._factors[:, None] * shingles[None, :] + self._offsets[:, None]
            self._last = text, shingles, permuted.min(axis=1)
        return self._last[1], self._last[2]


def _banding(threshold: float) -> tuple[int, int]:
    """Bands and rows, as steep as `_SEEDS` allow, that find a pair at the threshold with a chance of `_RECALL`."""
    for rows in range(_SEEDS, 1, -1):
        bands = _SEEDS // rows
        if 1 - (1 - threshold**rows) ** bands >= _RECALL:
            return bands, rows
    return _SEEDS, 1


def _shingled(text: str) -> "np.ndarray":
    """The set of a text's shingles, as sorted hashes."""
    import numpy as np

    said = " ".join(words(text)) or text.strip()
    codes = np.frombuffer(said.ljust(_SHINGLE).encode("utf-32-le", "surrogatepass"), dtype=np.uint32).astype(np.uint64)
    hashed = np.zeros(len(codes) - _SHINGLE + 1, dtype=np.uint64)
    for place in range(_SHINGLE):
        hashed = hashed * np.uint64(_GOLDEN) + codes[place : place + len(hashed)]
        hashed ^= hashed >> np.uint64(29)
    hashed *= np.uint64(_GOLDEN)
    return np.unique((hashed >> np.uint64(32)).astype(np.uint32))


def _jaccard(one: "np.ndarray", other: "np.ndarray") -> float:
    import numpy as np

    fewer, more = sorted((len(one), len(other)))
    if not fewer:
        return 0.0
    shared = len(np.intersect1d(one, other, assume_unique=True))
    return shared / (fewer + more - shared)
