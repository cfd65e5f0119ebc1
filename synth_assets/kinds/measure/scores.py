"""`scores`: figures of a judge: how its scores are spread, whether its draws and people agree, its length bias."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import ClassVar, Literal

from pydantic import Field, model_validator

from synth_assets.core.contract import Column, Contract
from synth_assets.core.stage import Picture, Query, TableView, declare_contract, find_column
from synth_assets.kinds.support.asking.prompts import check_type, prompt_file
from synth_assets.kinds.support.judging.score_picture import rounded_score


class Scores(Query):
    """Measures a judge by what it gave. What a `keep` turned away is not there to be counted: to measure a judge, let
    it keep all, and let a `filter` on its score, or a `panel` with `keep`, choose after it.
    """

    kind: Literal["scores"] = "scores"
    needs_all_partitions: ClassVar[bool] = True

    from_: str = Field(alias="from", description="the judge's stage")
    score: str = Field("score", description="the column with the score")
    verdicts: str | None = Field(None, description="the column with the verdict of each draw, as `score_verdicts`")
    human: str | None = Field(None, description="a column with the scores that people gave")
    people: str | None = Field(
        None,
        description="a stage of `verdicts` whose labels are scores, of the judged rows or of what they were made of",
    )
    text: str | None = Field(None, description="the column with what was judged, to see whether length is rewarded")
    by: str | None = Field(None, description="the column that tells the groups; without it, one group")

    @model_validator(mode="after")
    def _people_once(self) -> "Scores":
        if self.human and self.people:
            raise ValueError("human and people say the same: a column, or a stage of verdicts")
        return self

    def inputs(self) -> tuple[str, ...]:
        return (self.from_, *([self.people] if self.people else []))

    def contract(self, inputs: Mapping[str, Contract]) -> Contract:
        read = inputs[self.from_]
        types = {
            "score": ("integer", "number"),
            "verdicts": ("json",),
            "human": ("integer", "number"),
            "text": ("text",),
        }
        for key, accepted in types.items():
            if (name := getattr(self, key)) is not None:
                check_type(key, name, self.from_, read, accepted)
        if self.by is not None:
            find_column("by", self.by, self.from_, read)
        if self.people is not None:
            for column, kind in (("subject", "text"), ("label", "text"), ("said_at", "timestamp")):
                check_type("people", column, self.people, inputs[self.people], (kind,))
        return declare_contract(_COLUMNS, self.checks, self.description)

    def pictures(self, view: TableView) -> Iterator[Picture]:
        """Draw how the scores are spread, over all or in each part."""
        from synth_assets.plots.score_plots import parts_png, scores_png

        rows = view.rows(f"SELECT part, distribution FROM {view.table}")
        parts = {str(row["part"]): _count_scores(str(row["distribution"])) for row in rows}
        if self.by is None and len(parts) == 1:
            yield self.score, scores_png(next(iter(parts.values())), {}, self.score)
        else:
            yield self.score, parts_png(parts, self.score)

    def query(self) -> str:
        names = {
            "table": self.from_,
            **{key: getattr(self, key) for key in ("score", "verdicts", "human", "people", "text", "by")},
        }
        quoted = {name: f'"{value}"' if value else "" for name, value in names.items()}
        return prompt_file(__package__, "scores.sql.jinja").render(quoted)


_COLUMNS = (
    Column("part", "text", "the value that its rows share, or `all`", unique=True),
    Column("rows", "integer", "rows that were judged", minimum=1),
    Column("mean", "number", "the mean score"),
    Column("lowest", "number", "the lowest score given"),
    Column("highest", "number", "the highest score given"),
    Column("distribution", "json", "how often each score was given"),
    Column("draw_agreement", "number", "share of pairs of draws on a row that are equal", nullable=True),
    Column("human_rows", "integer", "rows that people scored, too"),
    Column("human_agreement", "number", "share of rows that people scored the same", nullable=True),
    Column("human_bias", "number", "how much higher than people it scores, on average", nullable=True),
    Column("human_correlation", "number", "correlation with what people gave, from -1 to 1", nullable=True),
    Column("length_bias", "number", "correlation of score and length, from -1 to 1", nullable=True),
)


def _count_scores(distribution: str) -> Counter[float]:
    counts = Counter[float]()
    for score, count in json.loads(distribution).items():
        counts[rounded_score(score)] += int(count)
    return counts
