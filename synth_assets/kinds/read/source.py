"""`source`: rows from a sample, a dataset, files, the recipe itself or the lake, in declared types."""

from collections.abc import Iterable, Iterator, Mapping
from importlib.resources import files
from itertools import islice
from math import ceil
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, JsonValue, field_validator, model_validator

from synth_assets.core.canonical import Json, content_hash
from synth_assets.core.column_types import convert, day_of, infer_type
from synth_assets.core.contract import Column, ColumnType, Contract, Values
from synth_assets.core.stage import (
    Partition,
    PartitionScheme,
    Rejection,
    Source,
    SourceContext,
    StageError,
    declare_contract,
)
from synth_assets.core.suggestions import suggestion
from synth_assets.kinds.support.reading.files import FoundOrReject, FoundRow, check_pattern, number_rows, read_files
from synth_assets.kinds.support.reading.hub_datasets import DatasetName, read_dataset
from synth_assets.kinds.support.reading.partitioning import shard_of, shuffle

_ORIGINS = ("sample", "dataset", "files", "inline", "query")
_OF_DATASET = ("config", "split", "revision")


class _ColumnSpec(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    type: ColumnType
    from_: str | None = Field(None, alias="from", description="its name outside, if it is another")
    description: str = ""
    nullable: bool = False


def _as_spec(value: object) -> object:
    return {"type": value} if isinstance(value, str) else value


def _as_paths(value: object) -> object:
    """Read one path as a list of one. (A tuple, as what comes after this is validated as Python's values are.)"""
    return (value,) if isinstance(value, str) else tuple(value) if isinstance(value, list) else value


class RowSource(Source):
    """Reads rows from outside, shuffles and limits them, and converts them to the declared types."""

    kind: Literal["source"] = "source"
    sample: str | None = Field(None, description="a sample that comes with the package")
    dataset: str | None = Field(None, description="a dataset of the Hugging Face hub")
    config: str | None = None
    split: str | None = Field(None, description="train, if not given")
    revision: str | None = Field(None, description="refs/convert/parquet for a set that comes as a script")
    files: Annotated[tuple[str, ...] | None, BeforeValidator(_as_paths)] = Field(
        None, description="paths from the recipe's folder, * and ** match many; the keys of a JSON object are `key`"
    )
    inline: tuple[Mapping[str, JsonValue], ...] | None = Field(None, description="the rows themselves")
    query: str | None = Field(None, description="a SELECT over the lake; ORDER BY makes its order certain")
    columns: Mapping[str, Annotated[_ColumnSpec, BeforeValidator(_as_spec)]] = Field(
        {"messages": _ColumnSpec(type="dialog")}, min_length=1, description="the columns to keep, and their types"
    )
    rows_: int | None = Field(None, alias="rows", ge=1, description="most rows; with days, the rows of each day")
    seed: int | None = Field(None, description="shuffles the rows; without it they stay in their order")
    buffer: int = Field(10_000, ge=1, description="rows held to shuffle")
    date_column: str | None = Field(None, description="the field that says to which day a row belongs")

    @field_validator("sample")
    @classmethod
    def _known_sample(cls, name: str) -> str:
        known = sorted(path.stem for path in _samples().glob("*.jsonl"))
        if name not in known:
            raise ValueError(suggestion(name, known))
        return name

    @field_validator("files")
    @classmethod
    def _readable_files(cls, patterns: tuple[str, ...]) -> tuple[str, ...]:
        for pattern in patterns:
            check_pattern(pattern)
        return patterns

    @model_validator(mode="after")
    def _one_origin(self) -> "RowSource":
        given = [name for name in _ORIGINS if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(f"a source has one of {', '.join(_ORIGINS)}; this has {', '.join(given) or 'none'}")
        idle = [name for name in _OF_DATASET if getattr(self, name) is not None]
        if idle and self.dataset is None:
            raise ValueError(f"{', '.join(idle)} goes with dataset")
        return self

    def scaled(self, times: float) -> "RowSource | None":
        return None if self.rows_ is None else self.model_copy(update={"rows_": ceil(self.rows_ * times)})

    def contract(self, inputs: Mapping[str, Contract]) -> Contract:
        columns = [Column(name, spec.type, spec.description, spec.nullable) for name, spec in self.columns.items()]
        if self.id is not None and self.id not in self.columns:
            raise StageError("id", f"{self.id} is none of the columns: {', '.join(self.columns)}")
        self._check_inline()
        return declare_contract(columns, self.checks, self.description)

    def _check_inline(self) -> None:
        """Check beforehand that no column is missing in each of the rows that the recipe holds."""
        fields_found = {key: value for row in self.inline or () for key, value in row.items()}
        wanted = [spec.from_ or name for name, spec in self.columns.items() if not spec.nullable]
        missing = [field for field in wanted if field not in fields_found]
        if self.inline and missing:
            types = ", ".join(f"{key}: {infer_type(value)}" for key, value in fields_found.items())
            raise StageError("columns", f"no inline row has {missing[0]}; for what they have: columns: {{{types}}}")

    def check_scheme(self, scheme: PartitionScheme) -> None:
        if scheme == "daily" and self.rows_ is None and self.date_column is None:
            raise StageError("rows", "a daily recipe needs rows (for each day) or date_column")
        if scheme != "daily" and self.date_column is not None:
            raise StageError("date_column", "goes with `partitions: {daily: …}`")

    def fingerprint_fields(self) -> dict[str, Json]:
        keys = super().fingerprint_fields()
        if self.sample is not None:
            text = (_samples() / f"{self.sample}.jsonl").read_text("utf-8")
            keys["sample"] = content_hash("sample/1", text)
        return keys

    def rows(self, partition: Partition, context: SourceContext) -> Iterator[Values | Rejection]:
        found = self._share(shuffle(self._found(context), self.seed, self.buffer), partition)
        for item in found:
            row = item if isinstance(item, Rejection) else self._converted(item)
            if partition.scheme != "shards" or shard_of(_content(row), partition.of) == partition.index:
                yield row

    def _found(self, context: SourceContext) -> Iterator[FoundOrReject]:
        if self.sample is not None:
            return read_files([f"{self.sample}.jsonl"], _samples())
        if self.dataset is not None:
            name = DatasetName(self.dataset, self.config, self.split or "train", self.revision)
            return iter(read_dataset(name))
        if self.files is not None:
            return read_files(self.files, context.folder)
        if self.inline is not None:
            return number_rows(self.inline, "inline")
        return number_rows(context.query(self.query or ""), "query")

    def _share(self, found: Iterable[FoundOrReject], partition: Partition) -> Iterator[FoundOrReject]:
        """Return the part of the ordered rows that belongs to a partition; shards are divided later, by content."""
        if partition.scheme != "daily":
            return islice(found, self.rows_)
        if self.date_column is not None:
            return islice(_of_day(found, self.date_column, partition), self.rows_)
        if self.rows_ is None:
            raise StageError("rows", "a daily recipe needs rows (for each day) or date_column")
        first = partition.index * self.rows_
        return islice(found, first, first + self.rows_)

    def _converted(self, found: FoundRow) -> Values | Rejection:
        values: dict[str, Json] = {}
        for name, spec in self.columns.items():
            field = spec.from_ or name
            value = found.fields.get(field)
            if value is None or (found.spelled and spec.nullable and value == ""):
                if not spec.nullable:
                    return found.reject(f"{name} is missing", "" if field in found.fields else f"no field {field}")
                values[name] = None
                continue
            try:
                values[name] = convert(value, spec.type, spelled=found.spelled)
            except ValueError as error:
                return found.reject(f"{name} is not {spec.type}", str(error))
        return values


def _of_day(found: Iterable[FoundOrReject], column: str, partition: Partition) -> Iterator[FoundOrReject]:
    """Return the rows of a day. What has no day is rejected once, on the first."""
    for item in found:
        undated = item if isinstance(item, Rejection) else None
        if isinstance(item, FoundRow):
            try:
                if day_of(item.fields.get(column)).isoformat() == partition.key:
                    yield item
            except ValueError as error:
                undated = item.reject(f"{column} is no date", str(error))
        if undated is not None and partition.index == 0:
            yield undated


def _content(row: Values | Rejection) -> Json:
    return [row.reason, row.detail] if isinstance(row, Rejection) else row


def _samples() -> Path:
    return Path(str(files(__package__))) / "samples"
