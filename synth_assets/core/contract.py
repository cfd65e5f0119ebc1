"""Contracts: the columns of a stage's table, what each may hold, and what must be true of the whole table."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias

from synth_assets.core.canonical import Json
from synth_assets.core.column_types import CONSTRAINTS, TYPES
from synth_assets.core.column_types import ColumnType as ColumnType

Values: TypeAlias = Mapping[str, Json]

SYSTEM_COLUMNS: Mapping[str, ColumnType] = {
    "row_id": "text",
    "parent_ids": "texts",
    "call_keys": "texts",
    "partition_key": "text",
}
WHOLE = "all"


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its type, and the checks that each of its values must pass."""

    name: str
    type: ColumnType
    description: str = ""
    nullable: bool = False
    unique: bool = False
    accepted: tuple[str, ...] = ()
    min_length: int | None = None
    max_length: int | None = None
    minimum: float | None = None
    maximum: float | None = None

    def misfit(self) -> str | None:
        """Say which constraint means nothing for values of this type; None where all do."""
        for name in sorted(CONSTRAINTS - TYPES[self.type].constraints):
            if getattr(self, name) not in (None, ()):
                return f"{self.name} is of type {self.type}, which takes no {name}"
        return None


@dataclass(frozen=True, slots=True)
class Relationship:
    """Every value of `column` must be in `to_table`.`to_column`."""

    column: str
    to_table: str
    to_column: str


@dataclass(frozen=True, slots=True)
class Gate:
    """What must be true of the table as a whole; shares are of the rows that came in. Beyond a goal no row is kept."""

    min_rows: int = 1
    max_reject_share: float = 1.0
    warn_reject_share: float = 0.1
    goal_rows: int | None = None


@dataclass(frozen=True, slots=True)
class Contract:
    """What a table promises to whoever reads it. The system columns are added by the lake."""

    columns: tuple[Column, ...]
    description: str = ""
    gate: Gate = Gate()
    relationships: tuple[Relationship, ...] = ()

    def __contains__(self, name: object) -> bool:
        return any(column.name == name for column in self.columns)

    def names(self) -> tuple[str, ...]:
        """Return the names of the columns, in their order."""
        return tuple(column.name for column in self.columns)

    def column(self, name: str) -> Column:
        """Return the column of that name; KeyError where there is none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)

    def with_columns(self, columns: Iterable[Column]) -> "Contract":
        """Return this contract, with columns replaced by name or added at the end."""
        merged = {column.name: column for column in self.columns}
        merged.update({column.name: column for column in columns})
        return replace(self, columns=tuple(merged.values()))
