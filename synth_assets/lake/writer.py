"""Stages rows: writes those of one table and partition to a Parquet file that nobody sees before it is committed."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from synth_assets.core.column_types import TYPES, ColumnType
from synth_assets.core.contract import Contract
from synth_assets.core.errors import LakeError
from synth_assets.lake.names import arrow_schema, columns_of, without_braces
from synth_assets.lake.values import record_batch

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

_GROUP_BYTES = 2 << 20
_GROUP_ROWS = 100_000
_PIECE_ROWS = 500


@dataclass(frozen=True)
class TableShape:
    """The table and partition that a writer writes, and their columns."""

    table: str
    contract: Contract
    partition: str
    ids: bool = True
    calls: bool = False

    @cached_property
    def columns(self) -> dict[str, ColumnType]:
        """Return all columns, the lake's own included."""
        return columns_of(self.contract, self.ids, self.calls)

    @cached_property
    def schema(self) -> "pa.Schema":
        """Return the Arrow schema of the file."""
        return arrow_schema(self.contract, self.ids, self.calls)

    @property
    def comments(self) -> dict[str, str]:
        """Return the descriptions of the contract's columns, as the catalog can hold them."""
        return {column.name: without_braces(column.description) for column in self.contract.columns}

    @property
    def statistics_columns(self) -> list[str]:
        """Return the columns whose smallest and largest value the file states."""
        return [name for name, kind in self.columns.items() if TYPES[kind].has_statistics] + ["partition_key"]


class Writer:
    """Collects rows for the lake in a file. Leaving the `with` block by an error discards them."""

    def __init__(self, shape: TableShape, new_path: Callable[[str], Path]) -> None:
        self.shape = shape
        self.rows = 0
        self._new_path = new_path
        self._path: Path | None = None
        self._file: pq.ParquetWriter | None = None
        self._pending: list[pa.RecordBatch] = []
        self._finished = False
        self._released = False

    def __enter__(self) -> "Writer":
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is None:
            self.finish()
        else:
            self.discard()

    def write(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Write rows of the contract's columns and the lake's own; `partition_key` is filled in."""
        if self._finished:
            raise LakeError("the rows were handed over already", where=self.shape.table)
        shape = self.shape
        for start in range(0, len(rows), _PIECE_ROWS):
            try:
                batch = record_batch(rows[start : start + _PIECE_ROWS], shape.columns, shape.schema, shape.partition)
            except LakeError as error:
                raise LakeError(error.message, where=shape.table) from error
            self.write_batch(batch)

    def write_batch(self, batch: "pa.RecordBatch") -> None:
        """Write rows that are in Arrow already, `partition_key` included."""
        self._pending.append(batch)
        self.rows += batch.num_rows
        pending = self._pending
        if sum(each.nbytes for each in pending) >= _GROUP_BYTES or sum(map(len, pending)) >= _GROUP_ROWS:
            self._write_group()

    def finish(self) -> Path | None:
        """Close the file, sync it to the disk and return its path; None where there are no rows."""
        if not self._finished:
            self._finished = True
            if self._pending:
                self._write_group()
            if self._file is not None and self._path is not None:
                self._file.close()
                _sync(self._path)
                _return_memory()
        return self._path

    def discard(self) -> None:
        """Discard the rows, unless they may be in the lake."""
        self._finished = True
        self._pending.clear()
        if self._file is not None:
            self._file.close()
        if self._path is not None and not self._released:
            self._path.unlink(missing_ok=True)
            self._path = None

    def release(self) -> None:
        """Let go of the file: from now on it may belong to the lake, and is not ours to delete."""
        self._released = True

    def _write_group(self) -> None:
        import pyarrow as pa

        try:
            if self._file is None:
                self._file = self._open()
            self._file.write_table(pa.Table.from_batches(self._pending), row_group_size=_GROUP_ROWS)
        except OSError as error:
            raise LakeError(f"the rows cannot be written: {error}", where=self.shape.table) from error
        self._pending = []

    def _open(self) -> "pq.ParquetWriter":
        import pyarrow.parquet as pq

        self._path = self._new_path(self.shape.table)
        self._path.parent.mkdir(parents=True, exist_ok=True)
        return pq.ParquetWriter(
            self._path,
            self.shape.schema,
            compression="zstd",
            write_statistics=self.shape.statistics_columns,
            store_schema=False,
        )


def _return_memory() -> None:
    """Have Arrow's allocator give the memory of the file's rows back to the system."""
    import pyarrow as pa

    pa.default_memory_pool().release_unused()


def _sync(path: Path) -> None:
    """Sync a file to the disk: a catalog that outlives its files in a power cut could not be read any more."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
