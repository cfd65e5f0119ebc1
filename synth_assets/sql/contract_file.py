"""Reads the optional YAML beside a model: its columns and checks, owners, freshness, and how it is stored."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator
from yaml.nodes import MappingNode, Node, SequenceNode

from synth_assets.core.contract import Column, ColumnType, Contract, Gate, Relationship
from synth_assets.core.errors import RecipeError
from synth_assets.sql.model import Extras, Freshness, Materialized
from synth_assets.sql.suggest import did_you_mean

_STRICT = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)
_Path = tuple[str | int, ...]


class ColumnSpec(BaseModel):
    """One column as the file spells it."""

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
        """The column in the words of the core."""
        return Column(name=name, **self.model_dump(exclude={"in_"}))


class FreshnessSpec(BaseModel):
    """How old the table may grow."""

    model_config = _STRICT

    max_age_h: float = Field(gt=0)
    column: str | None = None


class ModelSpec(BaseModel):
    """The whole file."""

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

    def extras(self, lines: Mapping[_Path, int]) -> Extras:
        """The file in the words of the core."""
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


def read_contract_file(path: Path, shown: str) -> Extras | list[RecipeError]:
    """What the file says, or every fault in it with its line."""
    try:
        text = path.read_text("utf-8")
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        value = yaml.safe_load(text) if root else {}
    except (OSError, UnicodeDecodeError) as error:
        return [RecipeError(f"the file cannot be read: {error}", where=shown)]
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        return [RecipeError(f"not YAML: {error.problem}", where=f"{shown}:{line}")]
    lines = dict(_lines(root, ())) if root else {}
    try:
        return ModelSpec.model_validate(value).extras(lines)
    except ValidationError as error:
        return [
            _fault(fault["loc"], fault["type"], fault["msg"], (shown, lines))
            for fault in error.errors(include_url=False, include_input=False)
        ]


def _relationships(columns: Mapping[str, ColumnSpec]) -> Iterator[Relationship]:
    for name, spec in columns.items():
        if spec.in_ is not None:
            table, _, column = spec.in_.rpartition(".")
            yield Relationship(name, table, column)


def _fault(place: _Path, kind: str, message: str, file: tuple[str, Mapping[_Path, int]]) -> RecipeError:
    shown, lines = file
    known = place
    while known and known not in lines:
        known = known[:-1]
    if kind == "extra_forbidden":
        message = f"unknown key{did_you_mean(str(place[-1]), _keys_at(place))}"
    key = ".".join(str(part) for part in place)
    return RecipeError(f"{key}: {message}".lstrip(": "), where=f"{shown}:{lines.get(known, 1)}")


def _keys_at(place: _Path) -> Iterable[str]:
    spec: type[BaseModel] = ModelSpec
    if len(place) > 1:
        spec = FreshnessSpec if place[0] == "freshness" else ColumnSpec
    return [field.alias or name for name, field in spec.model_fields.items()]


def _lines(node: Node, place: _Path) -> Iterator[tuple[_Path, int]]:
    """The line of every key, by the way to it."""
    if isinstance(node, MappingNode):
        for key, value in node.value:
            here = (*place, str(key.value))
            yield here, key.start_mark.line + 1
            yield from _lines(value, here)
    elif isinstance(node, SequenceNode):
        for number, item in enumerate(node.value):
            yield (*place, number), item.start_mark.line + 1
            yield from _lines(item, (*place, number))
