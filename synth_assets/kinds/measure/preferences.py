"""`preferences`: figures of a pairwise judge: whether the position or the length of an answer decides."""

from collections.abc import Iterator, Mapping
from typing import ClassVar, Literal

from pydantic import Field

from synth_assets.core.contract import Column, Contract
from synth_assets.core.stage import Picture, Query, StageError, TableView, declare_contract, find_column
from synth_assets.kinds.support.asking.prompts import check_type, prompt_file


class Preferences(Query):
    """Measures a `compare` that keeps what is undecided: without it, a judge that follows the order looks sound."""

    kind: Literal["preferences"] = "preferences"
    needs_all_partitions: ClassVar[bool] = True

    from_: str = Field(alias="from", description="the stage of `compare`, with undecided: keep")
    by: str | None = Field(None, description="the column that tells the groups; without it, one group")

    def inputs(self) -> tuple[str, ...]:
        return (self.from_,)

    def contract(self, inputs: Mapping[str, Contract]) -> Contract:
        read = inputs[self.from_]
        check_type("from", "comparisons", self.from_, read, ("json",))
        if not find_column("from", "chosen", self.from_, read).nullable:
            hint = "it would be measured by its sound verdicts alone; write undecided: keep there"
            raise StageError("from", f'"{self.from_}" turns away what is undecided: {hint}')
        if self.by is not None:
            find_column("by", self.by, self.from_, read)
        return declare_contract(_COLUMNS, self.checks, self.description)

    def pictures(self, view: TableView) -> Iterator[Picture]:
        """Draw how far the order and the length of answers decide."""
        from synth_assets.plots.score_plots import fairness_png

        yield "fairness", fairness_png(view.rows(f"SELECT * FROM {view.table}"))

    def query(self) -> str:
        variables = {"table": f'"{self.from_}"', "by": f'"{self.by}"' if self.by else ""}
        return prompt_file(__package__, "preferences.sql.jinja").render(variables)


_COLUMNS = (
    Column("part", "text", "the value that its rows share, or `all`", unique=True),
    Column("rows", "integer", "rows whose answers were compared", minimum=1),
    Column("undecided", "number", "share of the rows without a winner", minimum=0, maximum=1),
    Column("pairs", "integer", "pairs of answers, each shown in both orders"),
    Column("swap_agreement", "number", "share of the pairs judged the same in both orders", minimum=0, maximum=1),
    Column("follows_order", "number", "share of the pairs in which both orders named the same place", maximum=1),
    Column("verdicts", "integer", "verdicts that name an answer"),
    Column("ties", "number", "share of all verdicts that name none", minimum=0, maximum=1),
    Column("first_share", "number", "how often the answer shown first was named; 0.5 is fair", nullable=True),
    Column("position_bias", "number", "how far that is from fair, from -1 (second) to 1 (first)", nullable=True),
    Column("longer_share", "number", "how often the longer answer was named, where one is longer", nullable=True),
)
