"""`agreement`: how far labels agree with experts, with other labels on the same rows, and draws among themselves."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from itertools import combinations
from typing import Literal

from pydantic import Field

from synth_assets.core.canonical import Json
from synth_assets.core.contract import Column, Contract, Values
from synth_assets.core.stage import Desk, StageFault, Study, column_of, declared
from synth_assets.stages._named import Names, subject_of
from synth_assets.training.metrics import (
    Comparison,
    Confusion,
    Measure,
    fleiss_kappa,
    krippendorff_alpha,
    wilson,
)

EXPERTS, EACH_OTHER = "experts", "each other"
_BINS = 10


class Agreement(Study):
    """Measures labels. Two stages are compared only on the rows that both have, and the table says how many."""

    kind: Literal["agreement"] = "agreement"
    from_: Names = Field(alias="from", min_length=1, description="the stages with labels: annotations, votes, students")
    experts: str | None = Field(None, description="the column with the labels of experts")
    among: str | None = Field(None, description="the stage with all rows that should have a label, to see how many do")
    match: str | None = Field(
        None, description="the column that tells which rows are the same; without it, those labelled from one row"
    )

    def inputs(self) -> tuple[str, ...]:
        return (*self.from_, *([self.among] if self.among and self.among not in self.from_ else []))

    def contract(self, inputs: Mapping[str, Contract]) -> Contract:
        if len(set(self.from_)) < len(self.from_):
            raise StageFault("from", "a stage is named twice")
        for name in self.from_:
            wanted = {"from": "label", "experts": self.experts, "match": self.match}
            for key, column in wanted.items():
                if column is not None and (found := column_of(key, column, name, inputs[name])).type != "text":
                    raise StageFault(key, f'"{column}" of "{name}" is {found.type}, not text')
        if self.among and self.match:
            column_of("match", self.match, self.among, inputs[self.among])
        return declared(_COLUMNS, self.checks, self.description)

    def findings(self, desk: Desk) -> Iterator[Values]:
        for name in self.from_:
            yield from self._against_experts(desk, name) if self.experts else ()
            yield from self._among_draws(desk, name)
        for first, second in combinations(self.from_, 2):
            yield from self._paired(desk, first, second)

    def _against_experts(self, desk: Desk, name: str) -> Iterator[Values]:
        counts = {
            (str(row["expert"]), None if row["label"] is None else str(row["label"])): _whole(row["n"])
            for row in desk.query(
                f'SELECT "{self.experts}" AS expert, label, count(*) AS n FROM "{name}"'
                f' WHERE "{self.experts}" IS NOT NULL GROUP BY ALL ORDER BY ALL'
            )
        }
        said = {(expert, label): n for (expert, label), n in counts.items() if label is not None}
        confusion = Confusion.of(said)
        yield from (_row(name, EXPERTS, measure) for measure in confusion.measures())
        for (expert, label), n in sorted(said.items()):
            yield _row(name, EXPERTS, Measure("confusion", n, rows=confusion.rows, label=label), expert)
        hits = sum(n for (expert, label), n in said.items() if expert == label)
        yield from self._of_all(desk, name, hits, confusion.rows, sum(counts.values()))
        if "share" in desk.contracts[name]:
            yield from self._by_share(desk, name)

    def _of_all(self, desk: Desk, name: str, hits: int, labelled: int, rows: int) -> Iterator[Values]:
        """What a row without a label costs: counted as wrong, as it is of no use."""
        if self.among:
            rows = max(rows, _one(desk, f'SELECT count(*) FROM "{self.among}" WHERE "{self.experts}" IS NOT NULL'))
        yield _row(name, EXPERTS, wilson("rows with a label", labelled, rows))
        yield _row(name, EXPERTS, wilson("accuracy of all rows", hits, rows))

    def _by_share(self, desk: Desk, name: str) -> Iterator[Values]:
        """The reliability curve: how often a label is right, by the share of the votes it has."""
        right = f'count(*) FILTER (label = "{self.experts}")'
        where = f'FROM "{name}" WHERE "{self.experts}" IS NOT NULL AND label IS NOT NULL'
        if "verdict_by" in desk.contracts[name]:
            where += " AND verdict_by IS NULL"  # there the label is not what the votes say
        binned = f"least(floor(share * {_BINS}), {_BINS - 1}) / {_BINS}"
        sql = (
            f"SELECT {binned} AS bin, avg(share) AS share, {right} AS hits, count(*) AS n {where} GROUP BY 1 ORDER BY 1"
        )
        for row in desk.query(sql):
            measure = wilson("accuracy by vote share", _whole(row["hits"]), _whole(row["n"]))
            yield _row(name, EXPERTS, measure) | {"share": row["share"]}
        for title, condition in (("accuracy where unanimous", "share = 1"), ("accuracy where split", "share < 1")):
            for row in desk.query(f"SELECT {right} AS hits, count(*) AS n {where} AND {condition}"):
                yield _row(name, EXPERTS, wilson(title, _whole(row["hits"]), _whole(row["n"])))

    def _among_draws(self, desk: Desk, name: str) -> Iterator[Values]:
        """Agreement of several labels of one row; their patterns are few, however many rows there are."""
        subject = subject_of(desk.contracts[name])
        sql = (
            f'WITH _said AS (SELECT {subject} AS _key, label, count(*) AS n FROM "{name}" WHERE label IS NOT NULL'
            " GROUP BY ALL), _patterns AS (SELECT list_sort(list({l: label, n: n}) OVER _same) AS pattern FROM _said"
            " WINDOW _same AS (PARTITION BY _key)"
            " QUALIFY row_number() OVER _same = 1 AND sum(n) OVER _same > 1)"  # a window goes to the disk, a list not
            " SELECT pattern, count(*) AS items FROM _patterns GROUP BY 1 ORDER BY 1"
        )
        patterns = [(_pattern(row["pattern"]), _whole(row["items"])) for row in desk.query(sql)]
        for measure in (fleiss_kappa(patterns), krippendorff_alpha(patterns)):
            if measure is not None:
                yield _row(name, EACH_OTHER, measure)

    def _paired(self, desk: Desk, first: str, second: str) -> Iterator[Values]:
        """Two stages on the rows that both have. A stage with several labels for a row has none to compare."""
        for name in (first, second):
            if (
                _one(desk, f'SELECT count(*) - count(DISTINCT {self._key(desk, name)}) FROM "{name}"')
                and not self.match
            ):
                return
        expert = f'min("{self.experts}")' if self.experts else "NULL"
        sides = [
            f'(SELECT {self._key(desk, name)} AS _key, min(label) AS label, {expert} AS expert FROM "{name}"'
            " WHERE label IS NOT NULL GROUP BY 1 HAVING min(label) = max(label))"
            for name in (first, second)
        ]
        sql = (
            "SELECT a.label AS one, b.label AS other, a.expert AS expert, count(*) AS n"
            f" FROM {sides[0]} a JOIN {sides[1]} b USING (_key) GROUP BY ALL ORDER BY ALL"
        )
        shared = [(str(row["one"]), str(row["other"]), row["expert"], _whole(row["n"])) for row in desk.query(sql)]
        rows = [_one(desk, f"SELECT count(*) FROM {side}") for side in sides]
        yield from self._told(first, second, shared, rows)

    def _told(
        self, first: str, second: str, shared: list[tuple[str, str, Json, int]], rows: list[int]
    ) -> Iterator[Values]:
        pairs: dict[tuple[str, str], int] = {}
        for one, other, _, n in shared:
            pairs[one, other] = pairs.get((one, other), 0) + n
        count = sum(pairs.values())
        by = f"column {self.match}" if self.match else "the row they label"
        how = f"paired on the {count} rows that both have, of {rows[0]} and {rows[1]}, matched by {by}"
        yield _row(first, second, Measure("rows of both", count, rows=count, method=how))
        for measure in Confusion.of(pairs).measures():
            if measure.name == "cohen's kappa":
                yield _row(first, second, measure)
        judged = [(one == expert, other == expert, n) for one, other, expert, n in shared if expert is not None]
        if not judged:
            return
        cells = [
            sum(n for is_one, is_other, n in judged if (is_one, is_other) == cell)
            for cell in ((True, True), (True, False), (False, True), (False, False))
        ]
        split = Comparison(*cells)
        yield _row(first, second, wilson("accuracy on shared rows", split.both + split.first, split.rows))
        yield _row(second, first, wilson("accuracy on shared rows", split.both + split.second, split.rows))
        difference = (split.first - split.second) / split.rows
        told = f"only {first} right: {split.first}, only {second} right: {split.second}"
        yield _row(first, second, Measure("difference of accuracy", difference, rows=split.rows, method=told))
        p = Measure("p of no difference", split.p_value(), rows=split.rows, method="McNemar, exact, paired")
        yield _row(first, second, p)

    def _key(self, desk: Desk, name: str) -> str:
        """SQL for what tells that two rows are about the same thing."""
        return f'"{self.match}"' if self.match else subject_of(desk.contracts[name])


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
    told = asdict(measure)
    value = None if measure.value != measure.value else measure.value
    return {
        "labels_of": labels_of,
        "against": against,
        "measure": told.pop("name"),
        "expert_label": expert,
        "share": None,
        **told,
        "value": value,
    }


def _pattern(pairs: Json) -> dict[str, int]:
    assert isinstance(pairs, list)
    return {str(pair["l"]): _whole(pair["n"]) for pair in pairs}


def _one(desk: Desk, sql: str) -> int:
    (row,) = desk.query(sql)
    (value,) = row.values()
    return _whole(value)


def _whole(value: Json) -> int:
    assert isinstance(value, int)
    return value
