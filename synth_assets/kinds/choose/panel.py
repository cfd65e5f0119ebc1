"""`panel`: the scores that several judges gave a row become one; what is not good enough is a reject with them."""

from collections.abc import Iterator, Mapping
from typing import Literal

from pydantic import Field, model_validator

from synth_assets.core.canonical import Json
from synth_assets.core.contract import Column, Contract
from synth_assets.core.stage import (
    Names,
    Picture,
    Rejection,
    Row,
    RowOutcome,
    Sift,
    StageError,
    TableView,
    declare_contract,
)
from synth_assets.kinds.support.asking.prompts import check_type
from synth_assets.kinds.support.judging.scale import (
    Combine,
    Scale,
    below_scale_reason,
    check_keep,
    combine_scores,
    is_kept,
)
from synth_assets.kinds.support.judging.score_picture import draw_scores


class Panel(Sift):
    """Combines the scores of judges that stand one after the other, each without `keep` and on the same scale."""

    kind: Literal["panel"] = "panel"
    scores: Names = Field(min_length=2, description="the columns with the scores, one of each judge")
    combine: Combine = Field("majority", description="how they become one: mean, majority or minimum")
    keep: str | None = Field(None, description='rows with such a score go on, as ">= 3"; others are rejects')
    score: str = Field("score", min_length=1, description="the column for the score of all")

    @model_validator(mode="after")
    def _each_once(self) -> "Panel":
        if len(set(self.scores)) < len(self.scores):
            raise ValueError("a judge has one voice: a column is named twice")
        return self

    def contract(self, inputs: Mapping[str, Contract]) -> Contract:
        read = inputs[self.from_]
        for column in self.scores:
            # Means have no majority, and a mean of means hides how many said what.
            check_type("scores", column, self.from_, read, ("integer",))
        for made in (self.score, self._verdicts):
            if made in read:
                raise StageError("score", f'"{self.from_}" has a column "{made}" already; name another')
        scale = self._scale(read)
        if self.keep is not None and scale is not None:
            try:
                check_keep(self.keep, scale)
            except ValueError as fault:
                raise StageError("keep", str(fault)) from fault
        low, high = (scale.lowest, scale.highest) if scale else (None, None)
        kind: Literal["number", "integer"] = "number" if self.combine == "mean" else "integer"
        made_here = [
            Column(self.score, kind, "the score of all judges", minimum=low, maximum=high),
            Column(self._verdicts, "json", "the score of each judge"),
        ]
        return declare_contract(read.with_columns(made_here).columns, self.checks, self.description)

    def sift(self, rows: Iterator[Row], others: Mapping[str, Iterator[Row]]) -> Iterator[RowOutcome]:
        for row in rows:
            given = {name: row.values[name] for name in self.scores}
            found = [score for score in given.values() if isinstance(score, int)]
            if len(found) < len(given):
                missing = ", ".join(name for name, score in given.items() if score is None)
                yield RowOutcome(row, Rejection("a judge gave no score", missing))
                continue
            score = combine_scores(found, self.combine)
            if self.keep is not None and not is_kept(score, self.keep):
                scores_text = ", ".join(f"{name} {each}" for name, each in given.items())
                reason = below_scale_reason(self.score, score, self.keep)
                yield RowOutcome(row, Rejection(reason, scores_text, {self.score: score}))
                continue
            verdicts: Json = [{"judge": name, "score": each} for name, each in given.items()]
            yield RowOutcome(row, {**row.values, self.score: score, self._verdicts: verdicts})

    def pictures(self, view: TableView) -> Iterator[Picture]:
        """Draw the scores, with those of the rows that were rejected for them."""
        yield self.score, draw_scores(view, self.score, self.keep)

    @property
    def _verdicts(self) -> str:
        return f"{self.score}_verdicts"

    def _scale(self, read: Contract) -> Scale | None:
        """Return the scale that the columns have in common; None where they name none, as in a file."""
        found = {(column.minimum, column.maximum) for column in (read.column(name) for name in self.scores)}
        if len(found) > 1:
            raise StageError("scores", f"the judges have different scales: {_spelled(found)}")
        ((low, high),) = found
        return None if low is None or high is None else Scale(lowest=int(low), highest=int(high))


def _spelled(scales: set[tuple[float | None, float | None]]) -> str:
    return ", ".join(sorted(f"{low:g} to {high:g}" if None not in (low, high) else "none" for low, high in scales))
