"""Reads the contract file of a model, a YAML file next to it: columns, checks, owners, freshness, storage."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from synth_assets.core.contract import Column, ColumnType, Contract, Gate, Relationship
from synth_assets.core.validation import validate
from synth_assets.core.yaml_document import KeyPath, read_document
from synth_assets.sql.model import Extras, Freshness, Materialized

_STRICT = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class ColumnSpec(BaseModel):
    """One column of the table, as the file declares it."""

    model_config = _STRICT

    type: ColumnType
    description: str = ""
    nullable: bool = False
    unique: bool = False
    accepted: tuple[str, ...] = ()
    min_length: int | None = Field(None, ge=0)
    max_length: int | None = Field(None, ge=0)
    minimum: float | None = None
    maximum: float | None = None
    in_: str | None = Field(
        None,
        alias="in",
        pattern=r"^\w+\.\w+\.\w+$",
        description="schema.table.column in which every value must stand",
    )

    @model_validator(mode="after")
    def _constraints_fit_the_type(self) -> "ColumnSpec":
        if misfit := self.column("it").misfit():
            raise ValueError(misfit)
        return self

    def column(self, name: str) -> Column:
        """Return the column in the words of the core."""
        return Column(name=name, **self.model_dump(exclude={"in_"}))


class FreshnessSpec(BaseModel):
    """How old the table may become."""

    model_config = _STRICT

    max_age_h: float = Field(gt=0)
    column: str | None = None


class ModelSpec(BaseModel):
    """The keys of the file."""

    model_config = _STRICT

    description: str = ""
    owners: tuple[str, ...] = ()
    materialized: Materialized = "table"
    partitioned: bool = False
    min_rows: int = Field(0, ge=0)
    freshness: FreshnessSpec | None = None
    columns: Mapping[str, ColumnSpec] = {}

    @field_validator("owners")
    @classmethod
    def _owners_can_be_reached(cls, owners: tuple[str, ...]) -> tuple[str, ...]:
        for owner in owners:
            if "@" not in owner and not owner.startswith("team:"):
                raise ValueError(f"{owner!r} is neither an address nor team:NAME")
        return owners

    def extras(self, lines: Mapping[KeyPath, int]) -> Extras:
        """Convert the file to what a model needs."""
        fresh = self.freshness
        return Extras(
            description=self.description,
            owners=self.owners,
            materialized=self.materialized,
            partitioned=self.partitioned,
            contract=self._contract() if self.columns else None,
            freshness=Freshness(fresh.max_age_h, fresh.column) if fresh else None,
            column_lines={name: lines["columns", name] for name in self.columns},
        )

    def _contract(self) -> Contract:
        return Contract(
            columns=tuple(spec.column(name) for name, spec in self.columns.items()),
            description=self.description,
            gate=Gate(min_rows=self.min_rows),
            relationships=tuple(_relationships(self.columns)),
        )


def read_contract_file(path: Path, shown: str) -> Extras:
    """Read a contract file; BrokenRecipe tells every problem in it with its line and key."""
    document = read_document(path, shown, "a contract")
    if document is None:
        return Extras()
    return validate(document, ModelSpec, document.value).extras(document.lines)


def _relationships(columns: Mapping[str, ColumnSpec]) -> Iterator[Relationship]:
    for name, spec in columns.items():
        if spec.in_ is not None:
            table, _, column = spec.in_.rpartition(".")
            yield Relationship(name, table, column)
