"""What two stages, or a stage and experts, said of the same rows: measured, and tested for a difference."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from synth_assets.analysis.agreement import Comparison, Confusion, Measure, wilson
from synth_assets.analysis.label_sets import SetPairs
from synth_assets.core.contract import Values
from synth_assets.kinds.support.labels.draw_agreement import as_count
from synth_assets.kinds.support.labels.labelling import Labelling, LabelValue, read_label_value

_OF_TWO_STAGES = ("exact match", "mean jaccard", "cohen's kappa")
_CELLS = ((True, True), (True, False), (False, True), (False, False))


def pairs_of(counts: Mapping[tuple[Any, Any], int], labelling: Labelling) -> SetPairs | Confusion:
    """Count pairs of labels, to be measured by the labelling."""
    return SetPairs.of(counts) if labelling.multiple else Confusion.of(counts)


def compare_stages(
    rows: Sequence[Values], labelling: Labelling, stages: tuple[str, str]
) -> Iterator[tuple[str, str, Measure]]:
    """Measure the one stage against the other; and by experts, where they labelled some of those rows.

    `rows` tell of `n` rows each what the `one`, the `other` and the `expert` say.
    """
    pairs: dict[tuple[LabelValue | None, LabelValue | None], int] = {}
    judged: list[tuple[bool, bool, int]] = []
    for row in rows:
        one, other, expert = (read_label_value(row[side]) for side in ("one", "other", "expert"))
        pairs[one, other] = pairs.get((one, other), 0) + as_count(row["n"])
        if expert is not None:
            judged.append((one == expert, other == expert, as_count(row["n"])))
    for measure in pairs_of(pairs, labelling).measures():
        if measure.name in _OF_TWO_STAGES:
            yield *stages, measure
    if judged:
        yield from _by_experts(judged, labelling.right, stages)


def _by_experts(
    judged: Sequence[tuple[bool, bool, int]], right: str, stages: tuple[str, str]
) -> Iterator[tuple[str, str, Measure]]:
    first, second = stages
    cells = [sum(n for is_one, is_other, n in judged if (is_one, is_other) == cell) for cell in _CELLS]
    split = Comparison(*cells)
    yield first, second, wilson(f"{right} on shared rows", split.both + split.first, split.rows)
    yield second, first, wilson(f"{right} on shared rows", split.both + split.second, split.rows)
    difference = (split.first - split.second) / split.rows
    explanation = f"only {first} right: {split.first}, only {second} right: {split.second}"
    yield first, second, Measure(f"difference of {right}", difference, rows=split.rows, method=explanation)
    p = Measure("p of no difference", split.p_value(), rows=split.rows, method="McNemar, exact, paired")
    yield first, second, p
