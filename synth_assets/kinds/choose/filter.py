"""`filter`: keeps the rows for which a SQL condition holds."""

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Literal

from pydantic import Field

from synth_assets.core.contract import SYSTEM_COLUMNS, Contract
from synth_assets.core.stage import Query, StageError, declare_contract


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


def check_condition(key: str, text: str, table: str, read: Contract) -> None:
    """Raise StageError where the text is no condition over the table, as far as one can tell without running it."""
    import sqlglot
    from sqlglot import exp
    from sqlglot.errors import ParseError, TokenError

    try:
        trees = sqlglot.parse(text, dialect="duckdb")
    except ParseError as error:
        fault = error.errors[0]
        raise StageError(key, f"not SQL: {fault['description']} at {fault['highlight']!r}", fault["line"]) from error
    except TokenError as error:
        raise StageError(key, f"not SQL: {error}") from error
    (tree,) = trees if len(trees) == 1 else (None,)
    if not isinstance(tree, exp.Condition):
        raise StageError(key, "one condition is needed, like: length(text) > 10")
    if tree.find(exp.Query, exp.Comprehension):
        return  # these have names of their own, which only running them can tell
    known = [*read.names(), *SYSTEM_COLUMNS]
    for column in tree.find_all(exp.Column):
        parts = [part.name for part in column.parts]
        name = parts[1] if parts[0] == table and len(parts) > 1 else parts[0]
        if name.lower() not in {own.lower() for own in known}:
            near = get_close_matches(name, known, n=1)
            hint = f'did you mean "{near[0]}"?' if near else f"it has: {', '.join(read.names())}"
            raise StageError(key, f'"{table}" has no column "{name}", {hint}')
