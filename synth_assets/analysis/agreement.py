"""Measures how well labels agree with experts, and raters with each other, with intervals."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Matrices: TypeAlias = NDArray[np.float64]

_Z = 1.959964
_MOST_EXACT = 5_000
ROUNDS = 1_000
CONFIDENCE = (2.5, 97.5)
BY_SHARE = "by vote share"
"""The end of the names of those measures that are the points of a reliability curve."""


@dataclass(frozen=True, slots=True)
class Measure:
    """A number with its 95 % interval, the rows it rests on, and how the interval was found."""

    name: str
    value: float
    low: float | None = None
    high: float | None = None
    rows: int = 0
    method: str = ""
    label: str | None = None


def wilson(name: str, hits: int, rows: int, label: str | None = None) -> Measure:
    """Return the share of rows that are hits, with Wilson's score interval."""
    if not rows:
        return Measure(name, math.nan, None, None, 0, "no rows", label)
    # Not scipy's: its last digit differs, and the id of a measure's row follows its values.
    share, extra = hits / rows, _Z**2 / rows
    middle = (share + extra / 2) / (1 + extra)
    half = _Z / (1 + extra) * math.sqrt(share * (1 - share) / rows + extra / (4 * rows))
    return Measure(name, share, max(0.0, middle - half), min(1.0, middle + half), rows, "Wilson, 95 %", label)


@dataclass(frozen=True, slots=True)
class Confusion:
    """Counts how often experts chose one label where another was given: `counts[expert, given]`."""

    labels: tuple[str, ...]
    counts: Mapping[tuple[str, str], int]

    @classmethod
    def of(cls, counts: Mapping[tuple[str, str], int]) -> "Confusion":
        """Make the matrix of counted pairs; its labels are all that are in them, sorted."""
        return cls(tuple(sorted({label for pair in counts for label in pair})), dict(counts))

    @property
    def rows(self) -> int:
        """The number of rows that were counted."""
        return sum(self.counts.values())

    def measures(self, seed: int = 0) -> Iterator[Measure]:
        """Yield accuracy and similar measures over all labels, then precision, recall and F1 of each label."""
        if not self.rows:
            return
        hits = sum(self.counts.get((label, label), 0) for label in self.labels)
        yield wilson("accuracy", hits, self.rows)
        for name, statistic in _OVERALL.items():
            yield self._bootstrapped(name, statistic, seed)
        for index, label in enumerate(self.labels):
            given = sum(self.counts.get((expert, label), 0) for expert in self.labels)
            expected = sum(self.counts.get((label, other), 0) for other in self.labels)
            right = self.counts.get((label, label), 0)
            yield wilson("precision", right, given, label)
            yield wilson("recall", right, expected, label)
            yield self._bootstrapped("f1", partial(_f1_at, index=index), seed, label)

    def _bootstrapped(
        self, name: str, statistic: Callable[["Matrices"], "Matrices"], seed: int, label: str | None = None
    ) -> Measure:
        """Resample cells instead of rows, so that the cost does not grow with the rows."""
        import numpy as np  # scipy.stats.bootstrap would draw rows

        size = len(self.labels)
        cells = np.array([[self.counts.get((a, b), 0) for b in self.labels] for a in self.labels], dtype=float)
        samples = np.random.default_rng(seed).multinomial(self.rows, cells.ravel() / self.rows, ROUNDS)
        values = statistic(samples.reshape(-1, size, size).astype(float))
        low, high = np.nanpercentile(values, CONFIDENCE)
        value = float(statistic(cells[None])[0])
        return Measure(name, value, float(low), float(high), self.rows, f"bootstrap, {ROUNDS} rounds, 95 %", label)


def share(part: "Matrices", total: "Matrices") -> "Matrices":
    """Return part / total; 0 / 0 is 0, as no row supports the label."""
    import numpy as np

    quotient: Matrices = np.divide(part, total, out=np.zeros_like(part, dtype=float), where=total > 0)
    return quotient


def _diagonal(matrices: "Matrices") -> "Matrices":
    import numpy as np

    return np.asarray(np.diagonal(matrices, axis1=1, axis2=2))


def f1(matrices: "Matrices") -> "Matrices":
    """Return the F1 of each label, in each matrix."""
    return share(2 * _diagonal(matrices), matrices.sum(axis=1) + matrices.sum(axis=2))


def _f1_at(matrices: "Matrices", index: int) -> "Matrices":
    return f1(matrices)[:, index]


def _mean_over_present(values: "Matrices", support: "Matrices") -> "Matrices":
    """Return the mean over the labels that occur."""
    return share((values * (support > 0)).sum(axis=1), (support > 0).sum(axis=1).astype(float))


def _balanced(matrices: "Matrices") -> "Matrices":
    expected = matrices.sum(axis=2)
    return _mean_over_present(share(_diagonal(matrices), expected), expected)


def _macro_f1(matrices: "Matrices") -> "Matrices":
    return _mean_over_present(f1(matrices), matrices.sum(axis=1) + matrices.sum(axis=2))


def _micro_f1(matrices: "Matrices") -> "Matrices":
    return share(_diagonal(matrices).sum(axis=1), matrices.sum(axis=(1, 2)))


def kappa(matrices: "Matrices") -> "Matrices":
    """Return Cohen's kappa: agreement beyond chance; 1 where both give the same one label to all rows."""
    import numpy as np

    total = matrices.sum(axis=(1, 2))
    observed = _micro_f1(matrices)
    by_chance = (matrices.sum(axis=1) * matrices.sum(axis=2)).sum(axis=1) / total**2
    return np.where(by_chance < 1, (observed - by_chance) / np.where(by_chance < 1, 1 - by_chance, 1), 1.0)


_OVERALL: Mapping[str, Callable[["Matrices"], "Matrices"]] = {
    "balanced accuracy": _balanced,
    "macro f1": _macro_f1,
    "micro f1": _micro_f1,
    "cohen's kappa": kappa,
}


@dataclass(frozen=True, slots=True)
class Comparison:
    """Compares two annotators on the same rows: both are right, only the first, only the second, or neither."""

    both: int
    first: int
    second: int
    neither: int

    @property
    def rows(self) -> int:
        """The number of rows that both have labelled."""
        return self.both + self.first + self.second + self.neither

    def p_value(self) -> float:
        """Return McNemar's exact p: how likely so uneven a split is if both are equally good."""
        from scipy.stats import binomtest

        split = self.first + self.second
        if not split:
            return 1.0
        if split > _MOST_EXACT:  # the normal approximation, which scipy lacks: it calculates the exact p at any size
            z = (abs(self.first - self.second) - 1) / math.sqrt(split)
            return math.erfc(max(z, 0.0) / math.sqrt(2))
        return float(binomtest(self.first, split).pvalue)


Pattern: TypeAlias = Mapping[str, int]
"""How often each label was given to one item."""


def fleiss_kappa(patterns: Sequence[tuple[Pattern, int]]) -> Measure | None:
    """Return the agreement of equally many raters beyond chance, over items with the commonest number of ratings."""
    sizes: dict[int, int] = {}
    for pattern, items in patterns:
        size = sum(pattern.values())
        sizes[size] = sizes.get(size, 0) + items
    raters = max((size for size in sizes if size > 1), key=lambda size: (sizes[size], size), default=None)
    if raters is None:
        return None
    chosen = [(pattern, items) for pattern, items in patterns if sum(pattern.values()) == raters]
    items = sizes[raters]
    agreed = sum(n * (sum(k * k for k in each.values()) - raters) for each, n in chosen) / (raters * (raters - 1))
    totals: dict[str, int] = {}
    for pattern, n in chosen:
        for label, ratings in pattern.items():
            totals[label] = totals.get(label, 0) + ratings * n
    chance = sum((ratings / (items * raters)) ** 2 for ratings in totals.values())
    value = (agreed / items - chance) / (1 - chance) if chance < 1 else 1.0
    return Measure("fleiss' kappa", value, rows=items, method=f"{raters} ratings of each row")


def krippendorff_alpha(patterns: Sequence[tuple[Pattern, int]]) -> Measure | None:
    """Return the agreement beyond chance for any number of ratings; items with one rating do not count."""
    rows = sum(items for pattern, items in patterns if sum(pattern.values()) > 1)
    if not rows:
        return None
    observed, by_chance = disagreement(patterns)
    value = 1 - observed / by_chance if by_chance else 1.0
    return Measure("krippendorff's alpha", value, rows=rows, method="nominal, rows with two ratings or more")


def disagreement(patterns: Sequence[tuple[Pattern, int]]) -> tuple[float, float]:
    """Return how far the ratings of the items differ, and how far they would if they were handed out by chance."""
    totals: dict[str, float] = {}
    observed = 0.0
    for pattern, items in patterns:
        size = sum(pattern.values())
        if size < 2:
            continue
        for label, ratings in pattern.items():
            totals[label] = totals.get(label, 0) + ratings * items
            observed += items * ratings * (size - ratings) / (size - 1)
    total = sum(totals.values())
    by_chance = sum(ratings * (total - ratings) for ratings in totals.values()) / (total - 1) if total > 1 else 0.0
    return observed, by_chance
