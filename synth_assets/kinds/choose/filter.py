"""`filter`: keeps the rows for which a SQL condition holds."""

from collections.abc import Mapping
from typing import Literal

from pydantic import Field

from synth_assets.core.contract import SYSTEM_COLUMNS, Contract
from synth_assets.core.stage import Query, declare_contract
from synth_assets.kinds.support.sql_condition import check_condition


class Filter(Query):
    """Keeps the rows of a stage for which the condition is true; each row names the one it was as its parent."""

    kind: Literal["filter"] = "filter"
    from_: str = Field(alias="from", description="the stage it reads")
    where: str = Field(min_length=1, description="a SQL condition over the columns of that stage")

    def inputs(self) -> tuple[str, ...]:
        return (self.from_,)

    def contract(self, inputs: Mapping[str, Contract]) -> Contract:
        check_condition("where", self.where, self.from_, inputs[self.from_])
        return declare_contract(inputs[self.from_].columns, self.checks, self.description)

    def query(self) -> str:
        own = ", ".join(f"'{name}'" for name in SYSTEM_COLUMNS)
        # The condition stands alone in its lines, so that a comment at its end ends with it.
        return (
            f"SELECT [row_id] AS parent_ids, COLUMNS(c -> c NOT IN ({own}))\n"
            f'FROM "{self.from_}"\nWHERE (\n{self.where}\n)'
        )
