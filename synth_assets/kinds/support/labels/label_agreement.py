"""How far labels of the same rows agree: of several draws, of two stages, and of a stage and experts."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from synth_assets.analysis.agreement import Comparison, Confusion, Measure, fleiss_kappa, krippendorff_alpha, wilson
from synth_assets.analysis.label_sets import SetPairs, alphas
from synth_assets.core.canonical import Json
from synth_assets.core.contract import Values
from synth_assets.core.stage import StudyContext
from synth_assets.kinds.support.labels.labelling import Labelling, LabelValue, read_label_value, subject_of

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


def draw_agreement(context: StudyContext, name: str, labelling: Labelling) -> Iterator[Measure]:
    """Measure how far the labels that a stage gives one row agree; nothing where it gives one to each."""
    subject = subject_of(context.contracts[name])
    yield from _of_sets(context, name, subject) if labelling.multiple else _of_labels(context, name, subject)


def _of_labels(context: StudyContext, name: str, subject: str) -> Iterator[Measure]:
    """Measure the agreement of single labels. Their patterns are few, however many rows there are."""
    sql = (
        f'WITH _said AS (SELECT {subject} AS _key, label, count(*) AS n FROM "{name}" WHERE label IS NOT NULL'
        " GROUP BY ALL), _patterns AS (SELECT list_sort(list({l: label, n: n}) OVER _same) AS pattern FROM _said"
        " WINDOW _same AS (PARTITION BY _key)"
        " QUALIFY row_number() OVER _same = 1 AND sum(n) OVER _same > 1)"  # a window goes to the disk, a list not
        " SELECT pattern, count(*) AS items FROM _patterns GROUP BY 1 ORDER BY 1"
    )
    patterns = [(_pattern(row["pattern"]), as_count(row["items"])) for row in context.query(sql)]
    for measure in (fleiss_kappa(patterns), krippendorff_alpha(patterns)):
        if measure is not None:
            yield measure


def _of_sets(context: StudyContext, name: str, subject: str) -> Iterator[Measure]:
    """Measure the agreement of sets. They can be as many as rows; the draws that name a single label are few again."""
    sets_sql = f'_said AS (SELECT {subject} AS _key, list_distinct(labels) AS l FROM "{name}" WHERE labels IS NOT NULL)'
    sizes = "_sizes AS (SELECT _key, count(*) AS size FROM _said GROUP BY 1 HAVING count(*) > 1)"
    counted = f"WITH {sets_sql}, {sizes} SELECT size, count(*) AS items FROM _sizes GROUP BY 1 ORDER BY 1"
    by_label = (
        f"WITH {sets_sql}, {sizes}, _named AS (SELECT _key, label, count(*) AS yes"
        " FROM (SELECT _key, unnest(l) AS label FROM _said) GROUP BY ALL)"
        " SELECT label, size, yes, count(*) AS items FROM _named JOIN _sizes USING (_key) GROUP BY ALL ORDER BY ALL"
    )
    named: dict[str, dict[tuple[int, int], int]] = {}
    for row in context.query(by_label):
        named.setdefault(str(row["label"]), {})[as_count(row["size"]), as_count(row["yes"])] = as_count(row["items"])
    yield from alphas({as_count(row["size"]): as_count(row["items"]) for row in context.query(counted)}, named)


def as_count(value: Json) -> int:
    """Check that a value is a count."""
    assert isinstance(value, int)
    return value


def _pattern(pairs: Json) -> dict[str, int]:
    assert isinstance(pairs, list)
    return {str(pair["l"]): as_count(pair["n"]) for pair in pairs}
