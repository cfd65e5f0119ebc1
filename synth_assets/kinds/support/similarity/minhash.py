"""Finds earlier texts by Jaccard similarity: candidates by MinHash, each then measured exactly."""

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
_MARGIN = 0.15  # more than three standard deviations of the estimate by a signature of 128 hashes


class MinHash:
    """Finds texts by the Jaccard similarity of five-character shingles; candidates by MinHash in bands."""

    def __init__(self, threshold: float) -> None:
        import numpy as np

        self._threshold = threshold
        self._bands, self._rows = _banding(threshold)
        hashes = [content_hash("minhash/1", index) for index in range(2 * self._bands * self._rows)]
        numbers = np.array([int(text[:8], 16) for text in hashes], dtype=np.uint32)
        self._factors, self._offsets = numbers[::2] | np.uint32(1), numbers[1::2]
        # Most buckets hold one text: a number takes a third of the memory of a list with a number.
        self._buckets: list[dict[int, int | list[int]]] = [{} for _ in range(self._bands)]
        self._shingles: list[np.ndarray] = []
        self._signatures = np.empty((1_024, self._bands * self._rows), dtype=np.uint32)
        self._last: tuple[str, np.ndarray, np.ndarray] | None = None

    def near(self, text: str) -> tuple[int, float] | None:
        shingles, signature = self._sign(text)
        best: tuple[int, float] | None = None
        for number in self._candidates(signature):
            score = _jaccard(shingles, self._shingles[number])
            if score >= self._threshold and (best is None or score > best[1]):
                best = number, score
        return best

    def add(self, text: str) -> None:
        import numpy as np

        shingles, signature = self._sign(text)
        number = len(self._shingles)
        if number == len(self._signatures):
            self._signatures = np.concatenate([self._signatures, np.empty_like(self._signatures)])
        self._signatures[number] = signature
        self._shingles.append(shingles)
        for bucket, key in zip(self._buckets, self._keys(signature), strict=True):
            earlier = bucket.setdefault(key, number)
            if isinstance(earlier, list):
                earlier.append(number)
            elif earlier != number:
                bucket[key] = [earlier, number]

    def _candidates(self, signature: "np.ndarray") -> list[int]:
        """Return the texts that share a band, without those whose signatures differ too much."""
        import numpy as np

        numbers: list[int] = []
        for bucket, key in zip(self._buckets, self._keys(signature), strict=True):
            earlier = bucket.get(key, ())
            numbers += [earlier] if isinstance(earlier, int) else earlier
        candidates = np.unique(np.array(numbers, dtype=np.int64))
        if len(candidates) > _FEW:
            equal = (self._signatures[candidates] == signature).sum(axis=1)
            candidates = candidates[equal >= (self._threshold - _MARGIN) * len(signature)]
        return [int(number) for number in candidates]

    def _keys(self, signature: "np.ndarray") -> list[int]:
        """Return a key for each band. Keys may collide by chance: candidates are measured anyway."""
        import numpy as np

        key = np.zeros(self._bands, dtype=np.uint64)
        for column in signature.reshape(self._bands, self._rows).T:
            key = key * np.uint64(_GOLDEN) + column
        return key.tolist()

    def _sign(self, text: str) -> "tuple[np.ndarray, np.ndarray]":
        """Return the shingles of a text, and the least of their hashes under each permutation."""
        if self._last is None or self._last[0] != text:
            shingles = _shingles(text)
            # Multiplying by an odd number and adding another permutes the 32-bit integers.
            permuted = self._factors[:, None] * shingles[None, :] + self._offsets[:, None]
            self._last = text, shingles, permuted.min(axis=1)
        return self._last[1], self._last[2]


def _banding(threshold: float) -> tuple[int, int]:
    """Return the most selective bands and rows that find a pair at the threshold with a probability of `_RECALL`."""
    for rows in range(_SEEDS, 1, -1):
        bands = _SEEDS // rows
        if 1 - (1 - threshold**rows) ** bands >= _RECALL:
            return bands, rows
    return _SEEDS, 1


def _shingles(text: str) -> "np.ndarray":
    """Return the set of a text's shingles, as sorted hashes."""
    import numpy as np

    normalized = " ".join(words(text)) or text.strip()
    padded = normalized.ljust(_SHINGLE)
    codes = np.frombuffer(padded.encode("utf-32-le", "surrogatepass"), dtype=np.uint32).astype(np.uint64)
    hashed = np.zeros(len(codes) - _SHINGLE + 1, dtype=np.uint64)
    for offset in range(_SHINGLE):
        hashed = hashed * np.uint64(_GOLDEN) + codes[offset : offset + len(hashed)]
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
