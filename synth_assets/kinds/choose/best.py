"""`best`: of the candidates for the same thing, the one with the highest score stays; the others are rejects."""

from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Literal

from pydantic import Field

from synth_assets.core.canonical import canonical_json
from synth_assets.core.contract import Contract
from synth_assets.core.stage import Names, Rejection, Row, RowOutcome, Sift, declare_contract, find_column
from synth_assets.kinds.support.asking.prompts import check_type


class Best(Sift):
    """Keeps the best of each group of rows that stand together, as a judge leaves the candidates of `answers`."""

    kind: Literal["best"] = "best"
    by: Names = Field(
        ("question",), min_length=1, description="the columns that are equal for the candidates of one group"
    )
    score: str = Field("score", description="the column with the score; of equal ones the first counts")

    def contract(self, inputs: Mapping[str, Contract]) -> Contract:
        read = inputs[self.from_]
        for column in self.by:
            find_column("by", column, self.from_, read)
        check_type("score", self.score, self.from_, read, ("integer", "number"))
        return declare_contract(read.columns, self.checks, self.description)

    def sift(self, rows: Iterator[Row], others: Mapping[str, Iterator[Row]]) -> Iterator[RowOutcome]:
        for _, group in groupby(rows, key=lambda row: canonical_json([row.values[name] for name in self.by])):
            candidates = list(group)
            best = max(candidates, key=self._score)
            for row in candidates:
                detail = f"{self._score(row):g}; {best.row_id} has {self._score(best):g}"
                yield RowOutcome(row, row.values if row is best else Rejection("another candidate is better", detail))

    def _score(self, row: Row) -> float:
        score = row.values[self.score]
        return float(score) if isinstance(score, int | float) else float("-inf")
