"""Measures how well sets of labels agree, with intervals, where any number of labels may apply to a row."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

from synth_assets.analysis.agreement import CONFIDENCE, ROUNDS, Measure, Pattern, disagreement, f1, kappa, share, wilson

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Numbers: TypeAlias = NDArray[np.float64]

LabelSet: TypeAlias = tuple[str, ...]
"""The labels that apply to a row, sorted and none twice; it may be empty."""

_DRAWN_AT_ONCE = 4_000_000
_YES, _NO = "named", "not named"


@dataclass(frozen=True, slots=True)
class _Totals:
    """Sums over the rows of each sample: by label, and of the Jaccard indexes of both sets."""

    rows: int
    right: "Numbers"
    expected: "Numbers"
    given: "Numbers"
    overlap: "Numbers"

    def confusions(self, index: int) -> "Numbers":
        """Return a matrix of yes and no for one label: experts in the rows, what was given in the columns."""
        import numpy as np

        right, expected, given = self.right[:, index], self.expected[:, index], self.given[:, index]
        neither = self.rows - expected - given + right
        return np.stack([neither, given - right, expected - right, right], axis=1).reshape(-1, 2, 2)


@dataclass(frozen=True, slots=True)
class SetPairs:
    """Counts how often experts chose one set of labels where another was given: `counts[expert, given]`."""

    labels: LabelSet
    counts: Mapping[tuple[LabelSet, LabelSet], int]

    @classmethod
    def of(cls, counts: Mapping[tuple[LabelSet, LabelSet], int]) -> "SetPairs":
        """Sort the counted pairs; the labels are all that occur in them."""
        labels = sorted({label for pair in counts for named in pair for label in named})
        return cls(tuple(labels), dict(sorted(counts.items())))

    @property
    def rows(self) -> int:
        """The number of rows that were counted."""
        return sum(self.counts.values())

    def measures(self, seed: int = 0) -> Iterator[Measure]:
        """Yield how far the sets are the same, then precision, recall, F1 and kappa of each label.

        Two empty sets are the same: their Jaccard index is 1. What is 0 of 0 is 0, as for a label never given.
        """
        if not self.rows:
            return
        yield wilson("exact match", sum(n for (one, other), n in self.counts.items() if one == other), self.rows)
        totals, samples = self._totals(), self._samples(seed)
        for name, statistic in _OVERALL.items() if self.labels else ():
            yield _bootstrapped(name, statistic, totals, samples)
        for index, label in enumerate(self.labels):
            right, expected, given = (int(sums[0, index]) for sums in (totals.right, totals.expected, totals.given))
            yield Measure("support", expected, rows=self.rows, label=label, method="rows for which experts named it")
            yield wilson("precision", right, given, label)
            yield wilson("recall", right, expected, label)
            yield _bootstrapped("f1", partial(_f1_of, index=index), totals, samples, label)
            yield _bootstrapped("cohen's kappa", partial(_kappa_of, index=index), totals, samples, label)

    def _totals(self) -> _Totals:
        import numpy as np

        return self._split(np.array([list(self.counts.values())], dtype=float) @ self._table())

    def _samples(self, seed: int) -> _Totals:
        """Resample pairs instead of rows; not all rounds at once, as there may be as many pairs as rows."""
        import numpy as np

        table, random = self._table(), np.random.default_rng(seed)
        shares = np.array(list(self.counts.values())) / self.rows
        step = max(1, _DRAWN_AT_ONCE // len(shares))
        sizes = [min(step, ROUNDS - start) for start in range(0, ROUNDS, step)]
        return self._split(np.concatenate([random.multinomial(self.rows, shares, size) @ table for size in sizes]))

    def _split(self, sums: "Numbers") -> _Totals:
        size = len(self.labels)
        right, expected, given = (sums[:, start : start + size] for start in (0, size, 2 * size))
        return _Totals(self.rows, right, expected, given, sums[:, -1])

    def _table(self) -> Any:
        """Return a line for each pair: the labels in both sets, the expert's, those given, and the Jaccard index."""
        from scipy.sparse import csr_array

        positions, size = {label: index for index, label in enumerate(self.labels)}, len(self.labels)
        values: list[float] = []
        columns: list[int] = []
        ends = [0]
        for one, other in self.counts:
            both, either = set(one) & set(other), set(one) | set(other)
            for start, named in enumerate((both, one, other)):
                columns += [start * size + positions[label] for label in named]
            values += [1.0] * (len(columns) - len(values))
            columns.append(3 * size)
            values.append(len(both) / len(either) if either else 1.0)
            ends.append(len(columns))
        return csr_array((values, columns, ends), shape=(len(self.counts), 3 * size + 1))


def _bootstrapped(
    name: str, statistic: Callable[[_Totals], "Numbers"], totals: _Totals, samples: _Totals, label: str | None = None
) -> Measure:
    import numpy as np

    low, high = np.percentile(statistic(samples), CONFIDENCE)
    method = f"bootstrap, {ROUNDS} rounds, 95 %"
    return Measure(name, float(statistic(totals)[0]), float(low), float(high), totals.rows, method, label)


def _f1_of(totals: _Totals, index: int) -> "Numbers":
    return f1(totals.confusions(index))[:, 1]


def _kappa_of(totals: _Totals, index: int) -> "Numbers":
    return kappa(totals.confusions(index))


def _jaccard(totals: _Totals) -> "Numbers":
    return totals.overlap / totals.rows


def _hamming_loss(totals: _Totals) -> "Numbers":
    """Return the share of all decisions (one for each row and label that occurs) on which the sets differ."""
    decisions = totals.rows * totals.right.shape[1]
    loss: Numbers = (totals.expected + totals.given - 2 * totals.right).sum(axis=1) / decisions
    return loss


def _micro_f1(totals: _Totals) -> "Numbers":
    return share(2 * totals.right.sum(axis=1), (totals.expected + totals.given).sum(axis=1))


def _macro_f1(totals: _Totals) -> "Numbers":
    """Return the mean over the labels that occur."""
    named = totals.expected + totals.given
    return share(share(2 * totals.right, named).sum(axis=1), (named > 0).sum(axis=1).astype(float))


_OVERALL: Mapping[str, Callable[[_Totals], "Numbers"]] = {
    "mean jaccard": _jaccard,
    "hamming loss": _hamming_loss,
    "micro f1": _micro_f1,
    "macro f1": _macro_f1,
}


def alphas(sizes: Mapping[int, int], named: Mapping[str, Mapping[tuple[int, int], int]]) -> Iterator[Measure]:
    """Yield Krippendorff's alpha among the draws, over all labels and of each.

    `sizes` are the rows by how many draws each has, `named` the rows by draws and by how many of them named the label.
    The distance of two sets is the number of labels in which they differ, so the alpha over all labels is one less the
    disagreement of all labels together by that which chance would give. That is well-defined for any sets, empty ones
    included, and of single labels it is the nominal alpha. (The MASI distance is not used: between two empty sets it is
    0 of 0, and every pair of sets that occur would have to be compared.)
    """
    rows = sum(items for size, items in sizes.items() if size > 1)
    if not rows:
        return
    disagreements = {label: disagreement(_patterns(sizes, counts)) for label, counts in sorted(named.items())}
    observed, by_chance = (sum(each[side] for each in disagreements.values()) for side in (0, 1))
    method = "rows with two draws or more, by the labels in which they differ"
    yield _alpha(observed, by_chance, rows, method)
    for label, (own, chance) in disagreements.items():
        yield _alpha(own, chance, rows, "rows with two draws or more, named or not", label)


def _alpha(observed: float, by_chance: float, rows: int, method: str, label: str | None = None) -> Measure:
    value = 1 - observed / by_chance if by_chance else 1.0
    return Measure("krippendorff's alpha", value, rows=rows, method=method, label=label)


def _patterns(sizes: Mapping[int, int], counts: Mapping[tuple[int, int], int]) -> list[tuple[Pattern, int]]:
    """Return how often a label was named and not named, with the number of rows for which that is so."""
    never = dict(sizes)
    for (size, _), items in counts.items():
        never[size] -= items
    some = [({_YES: yes, _NO: size - yes}, items) for (size, yes), items in counts.items()]
    return [*some, *(({_NO: size}, items) for size, items in never.items())]
