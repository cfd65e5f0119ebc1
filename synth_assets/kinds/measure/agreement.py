"""`agreement`: how far labels agree with experts, with other labels on the same rows, and draws among themselves."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from itertools import combinations
from typing import Literal

from pydantic import Field

from synth_assets.analysis.agreement import BY_SHARE, Confusion, Measure, wilson
from synth_assets.core.canonical import Json
from synth_assets.core.contract import Column, Contract, Values
from synth_assets.core.stage import (
    Names,
    Picture,
    StageError,
    Study,
    StudyContext,
    TableView,
    declare_contract,
    find_column,
)
from synth_assets.kinds.support.labels.label_agreement import as_count, compare_stages, draw_agreement, pairs_of
from synth_assets.kinds.support.labels.labelling import (
    Labelling,
    find_label_column,
    find_typed_column,
    labelling_of,
    read_label_value,
    subject_of,
)

EXPERTS, EACH_OTHER = "experts", "each other"
_ALIKE = "labels of one kind are measured together, those of the other in a stage of their own"
_BINS = 10


class Agreement(Study):
    """Measures labels. Two stages are compared only on the rows that both have, and the table says how many.

    Where any number of labels may apply to a row (the column `labels`), what is right is the whole set, and each label
    is measured by itself as well.
    """

    kind: Literal["agreement"] = "agreement"
    from_: Names = Field(alias="from", min_length=1, description="the stages with labels: annotations, votes, students")
    experts: str | None = Field(None, description="the column with the labels of experts: text, or texts if many apply")
    among: str | None = Field(None, description="the stage with all rows that should have a label, to see how many do")
    match: str | None = Field(
        None, description="the column that tells which rows are the same; without it, those labelled from one row"
    )

    def inputs(self) -> tuple[str, ...]:
        return (*self.from_, *([self.among] if self.among and self.among not in self.from_ else []))

    def contract(self, inputs: Mapping[str, Contract]) -> Contract:
        if len(set(self.from_)) < len(self.from_):
            raise StageError("from", "a stage is named twice")
        labelling = labelling_of("from", self.from_[0], inputs[self.from_[0]])
        for name in self.from_:
            find_label_column("from", name, inputs[name], labelling, _ALIKE)
            if self.experts:
                find_typed_column("experts", self.experts, name, inputs[name], labelling)
            if self.match and (found := find_column("match", self.match, name, inputs[name])).type != "text":
                raise StageError("match", f'"{self.match}" of "{name}" is {found.type}, not text')
        if self.among and self.match:
            find_column("match", self.match, self.among, inputs[self.among])
        return declare_contract(_COLUMNS, self.checks, self.description)

    def pictures(self, view: TableView) -> Iterator[Picture]:
        """Draw for each stage of labels: confusions, labels, and how far shares of votes can be trusted."""
        from synth_assets.plots.label_plots import confusion_png, labels_png, reliability_png

        rows = view.rows(f"SELECT * FROM {view.table}")
        for labels_of in sorted({str(row["labels_of"]) for row in rows}):
            yield f"confusion of {labels_of}", confusion_png(rows, labels_of)
            yield f"labels of {labels_of}", labels_png(rows, labels_of)
            yield f"reliability of {labels_of}", reliability_png(rows, labels_of)

    def rows(self, context: StudyContext) -> Iterator[Values]:
        for name in self.from_:
            yield from self._against_experts(context, name) if self.experts else ()
            yield from (
                _row(name, EACH_OTHER, each) for each in draw_agreement(context, name, self._labelling(context))
            )
        for first, second in combinations(self.from_, 2):
            yield from self._paired(context, first, second)

    def _labelling(self, context: StudyContext) -> Labelling:
        return labelling_of("from", self.from_[0], context.contracts[self.from_[0]])

    def _against_experts(self, context: StudyContext, name: str) -> Iterator[Values]:
        labelling = self._labelling(context)
        counts = {
            (read_label_value(row["expert"]), read_label_value(row["label"])): as_count(row["n"])
            for row in context.query(
                f"SELECT {labelling.sql(str(self.experts))} AS expert, {labelling.sql(labelling.column)} AS label,"
                f' count(*) AS n FROM "{name}" WHERE "{self.experts}" IS NOT NULL GROUP BY ALL ORDER BY ALL'
            )
        }
        labelled_counts = {(expert, label): n for (expert, label), n in counts.items() if label is not None}
        pairs = pairs_of(labelled_counts, labelling)
        yield from (_row(name, EXPERTS, measure) for measure in pairs.measures())
        for (expert, label), n in sorted(labelled_counts.items()) if isinstance(pairs, Confusion) else ():
            yield _row(name, EXPERTS, Measure("confusion", n, rows=pairs.rows, label=str(label)), str(expert))
        hits = sum(n for (expert, label), n in labelled_counts.items() if expert == label)
        yield from self._of_all(context, name, hits, pairs.rows, sum(counts.values()))
        if "share" in context.contracts[name]:
            yield from self._by_share(context, name)

    def _of_all(self, context: StudyContext, name: str, hits: int, labelled: int, rows: int) -> Iterator[Values]:
        """Measure what a row without a label costs: counted as wrong, as it is of no use."""
        if self.among:
            rows = max(rows, _one(context, f'SELECT count(*) FROM "{self.among}" WHERE "{self.experts}" IS NOT NULL'))
        yield _row(name, EXPERTS, wilson("rows with a label", labelled, rows))
        yield _row(name, EXPERTS, wilson(f"{self._labelling(context).right} of all rows", hits, rows))

    def _by_share(self, context: StudyContext, name: str) -> Iterator[Values]:
        """Measure the reliability curve: how often a label is right, by the share of the votes it has."""
        labelling = self._labelling(context)
        right = f"count(*) FILTER ({labelling.sql(labelling.column)} = {labelling.sql(str(self.experts))})"
        where = f'FROM "{name}" WHERE "{self.experts}" IS NOT NULL AND {labelling.column} IS NOT NULL'
        if "verdict_by" in context.contracts[name]:
            where += " AND verdict_by IS NULL"  # there the label is not what the votes say
        binned = f"least(floor(share * {_BINS}), {_BINS - 1}) / {_BINS}"
        sql = (
            f"SELECT {binned} AS bin, avg(share) AS share, {right} AS hits, count(*) AS n {where} GROUP BY 1 ORDER BY 1"
        )
        for row in context.query(sql):
            measure = wilson(f"{labelling.right} {BY_SHARE}", as_count(row["hits"]), as_count(row["n"]))
            yield _row(name, EXPERTS, measure) | {"share": row["share"]}
        for title, condition in (("where unanimous", "share = 1"), ("where split", "share < 1")):
            for row in context.query(f"SELECT {right} AS hits, count(*) AS n {where} AND {condition}"):
                yield _row(
                    name, EXPERTS, wilson(f"{labelling.right} {title}", as_count(row["hits"]), as_count(row["n"]))
                )

    def _paired(self, context: StudyContext, first: str, second: str) -> Iterator[Values]:
        """Compare two stages on the rows that both have. A stage that labels a row twice has none to compare."""
        for name in (first, second):
            if (
                _one(context, f'SELECT count(*) - count(DISTINCT {self._key(context, name)}) FROM "{name}"')
                and not self.match
            ):
                return
        labelling = self._labelling(context)
        label = labelling.sql(labelling.column)
        expert = f"min({labelling.sql(self.experts)})" if self.experts else "NULL"
        sides = [
            f'(SELECT {self._key(context, name)} AS _key, min({label}) AS label, {expert} AS expert FROM "{name}"'
            f" WHERE {labelling.column} IS NOT NULL GROUP BY 1 HAVING min({label}) = max({label}))"
            for name in (first, second)
        ]
        sql = (
            "SELECT a.label AS one, b.label AS other, a.expert AS expert, count(*) AS n"
            f" FROM {sides[0]} a JOIN {sides[1]} b USING (_key) GROUP BY ALL ORDER BY ALL"
        )
        found = list(context.query(sql))
        rows = [_one(context, f"SELECT count(*) FROM {side}") for side in sides]
        by = f"column {self.match}" if self.match else "the row they label"
        count = sum(as_count(row["n"]) for row in found)
        how = f"paired on the {count} rows that both have, of {rows[0]} and {rows[1]}, matched by {by}"
        yield _row(first, second, Measure("rows of both", count, rows=count, method=how))
        for one, other, measure in compare_stages(found, labelling, (first, second)):
            yield _row(one, other, measure)

    def _key(self, context: StudyContext, name: str) -> str:
        """Return SQL for what tells that two rows are about the same thing."""
        return f'"{self.match}"' if self.match else subject_of(context.contracts[name])


_COLUMNS = (
    Column("labels_of", "text", "the stage whose labels are measured"),
    Column("against", "text", "experts, another stage, or each other: the draws"),
    Column("measure", "text", "what is measured"),
    Column("label", "text", "the label, where the measure is of one", nullable=True),
    Column("expert_label", "text", "what experts said, in a cell of the confusion matrix", nullable=True),
    Column("share", "number", "share of the votes, in a point of the reliability curve", nullable=True),
    Column("value", "number", "the measure", nullable=True),
    Column("low", "number", "lower end of its 95 % interval", nullable=True),
    Column("high", "number", "upper end of its 95 % interval", nullable=True),
    Column("rows", "integer", "the rows it rests on"),
    Column("method", "text", "how the interval was found, or what was compared"),
)


def _row(labels_of: str, against: str, measure: Measure, expert: str | None = None) -> dict[str, Json]:
    fields = asdict(measure)
    value = None if measure.value != measure.value else measure.value
    return {
        "labels_of": labels_of,
        "against": against,
        "measure": fields.pop("name"),
        "expert_label": expert,
        "share": None,
        **fields,
        "value": value,
    }


def _one(context: StudyContext, sql: str) -> int:
    (row,) = context.query(sql)
    (value,) = row.values()
    return as_count(value)
