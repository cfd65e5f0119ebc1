"""A SQL model: one SELECT in a file, the table it makes, and what its contract file adds."""

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
    """How old a table may grow: since its last commit, or since the newest value of a column."""

    max_age_h: float
    column: str | None = None


@dataclass(frozen=True, slots=True)
class Extras:
    """What the optional file beside a model says of its table."""

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
        """The table it makes, `schema.name`."""
        return f"{self.schema}.{self.name}"

    @property
    def contract(self) -> Contract | None:
        """What its table promises, where its contract file says so."""
        return self.extras.contract

    @property
    def materialized(self) -> Materialized:
        """Whether its rows are stored, or computed by whoever asks."""
        return self.extras.materialized

    @property
    def partitioned(self) -> bool:
        """Whether each partition of its inputs makes one of its own."""
        return self.extras.partitioned

    @property
    def owners(self) -> tuple[str, ...]:
        """Who answers for it."""
        return self.extras.owners

    @property
    def freshness(self) -> Freshness | None:
        """How old it may grow."""
        return self.extras.freshness

    def fingerprint(self) -> str:
        """A hash of what shapes its rows: neither comments and layout nor words for people change it."""
        shape: dict[str, Json] = {
            "sql": list(self.tokens),
            "materialized": self.materialized,
            "partitioned": self.partitioned,
            "contract": _shape(self.contract) if self.contract else None,
        }
        return content_hash("model/1", shape)

    def error(self, message: str, line: int, remedy: str | None = None) -> RecipeError:
        """What is wrong in a line of its file."""
        return RecipeError(message, where=f"{self.shown}:{line}", remedy=remedy)


def order(models: Iterable[Model]) -> list[Model]:
    """The models, each after those it reads; RecipeError where they read one another in a circle."""
    by_table = {model.table: model for model in sorted(models, key=lambda model: model.table)}
    reads = {table: [name for name in model.inputs if name in by_table] for table, model in by_table.items()}
    try:
        return [by_table[table] for table in TopologicalSorter(reads).static_order()]
    except CycleError as error:
        circle: list[str] = error.args[1][::-1]
        message = f"the models read one another in a circle: {' reads '.join(circle)}"
        raise by_table[circle[0]].error(message, 1) from error


def _shape(contract: Contract) -> Json:
    gate, links = contract.gate, contract.relationships
    return {
        "columns": [_column_shape(column) for column in contract.columns],
        "gate": [gate.min_rows, gate.max_reject_share],
        "relationships": [[link.column, link.to_table, link.to_column] for link in links],
    }


def _column_shape(column: Column) -> Json:
    lengths = [column.min_length, column.max_length]
    limits = [column.minimum, column.maximum]
    return [column.name, column.type, column.nullable, column.unique, list(column.accepted), lengths, limits]
