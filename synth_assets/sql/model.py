"""Describes a SQL model: one SELECT in a file, the table it makes, and what its contract file adds."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Literal

from synth_assets.core.canonical import Json, content_hash
from synth_assets.core.contract import Column, Contract
from synth_assets.core.errors import RecipeError

Materialized = Literal["table", "view"]


@dataclass(frozen=True, slots=True)
class Freshness:
    """How old a table may become: since its last commit, or since the newest value of a column."""

    max_age_h: float
    column: str | None = None


@dataclass(frozen=True, slots=True)
class Extras:
    """What the optional contract file of a model says about its table."""

    description: str = ""
    owners: tuple[str, ...] = ()
    materialized: Materialized = "table"
    partitioned: bool = False
    contract: Contract | None = None
    freshness: Freshness | None = None
    column_lines: Mapping[str, int] = field(default_factory=dict, compare=False)


@dataclass(frozen=True, slots=True)
class Model:
    """One file of SQL. `shown` is how errors name the file; `tokens` is its SQL without its looks."""

    schema: str
    name: str
    path: Path
    shown: str
    sql: str
    tokens: tuple[str, ...]
    inputs: tuple[str, ...]
    description: str
    extras: Extras = Extras()
    shipped: bool = False

    @property
    def table(self) -> str:
        """Return the table that the model makes, `schema.name`."""
        return f"{self.schema}.{self.name}"

    @property
    def contract(self) -> Contract | None:
        """Return the contract of its table, where its contract file declares one."""
        return self.extras.contract

    @property
    def materialized(self) -> Materialized:
        """Say whether its rows are stored, or computed at each question."""
        return self.extras.materialized

    @property
    def partitioned(self) -> bool:
        """Say whether each partition of its inputs makes a partition of its own."""
        return self.extras.partitioned

    @property
    def owners(self) -> tuple[str, ...]:
        """Return the people or teams responsible for it."""
        return self.extras.owners

    @property
    def freshness(self) -> Freshness | None:
        """Return how old its table may become."""
        return self.extras.freshness

    def fingerprint(self) -> str:
        """Return a hash of what determines its rows: comments, layout and descriptions do not change it."""
        values: dict[str, Json] = {
            "sql": list(self.tokens),
            "materialized": self.materialized,
            "partitioned": self.partitioned,
            "contract": _contract_values(self.contract) if self.contract else None,
        }
        return content_hash("model/1", values)

    def error(self, message: str, line: int, remedy: str | None = None) -> RecipeError:
        """Return an error in a line of its file."""
        return RecipeError(message, where=f"{self.shown}:{line}", remedy=remedy)


def sort_models(models: Iterable[Model]) -> list[Model]:
    """Sort the models, each after those it reads; RecipeError where they read one another in a circle."""
    by_table = {model.table: model for model in sorted(models, key=lambda model: model.table)}
    reads = {table: [name for name in model.inputs if name in by_table] for table, model in by_table.items()}
    try:
        return [by_table[table] for table in TopologicalSorter(reads).static_order()]
    except CycleError as error:
        circle: list[str] = error.args[1][::-1]
        message = f"the models read one another in a circle: {' reads '.join(circle)}"
        raise by_table[circle[0]].error(message, 1) from error


def _contract_values(contract: Contract) -> Json:
    gate = contract.gate
    return {
        "columns": [_column_values(column) for column in contract.columns],
        "gate": [gate.min_rows, gate.max_reject_share],
        "relationships": [[each.column, each.to_table, each.to_column] for each in contract.relationships],
    }


def _column_values(column: Column) -> Json:
    lengths = [column.min_length, column.max_length]
    limits = [column.minimum, column.maximum]
    return [column.name, column.type, column.nullable, column.unique, list(column.accepted), lengths, limits]
