"""Answers of the lake to SQL: streamed to a file as CSV, JSON or Parquet, or their first rows for people."""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, BinaryIO

from synth_assets.cli.views.terminal import json_ready
from synth_assets.core.errors import LakeError

if TYPE_CHECKING:
    import pyarrow as pa

    from synth_assets.lake import Lake

FILE_FORMATS = ("csv", "json", "parquet")
FIRST_ROWS = 200
_WANTS_QUOTES = re.compile(r'[",\r\n]')
Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class QueryResult:
    """The first rows of an answer; `more` says that there are others."""

    names: list[str]
    rows: list[Row]
    more: bool


def ask(lake: "Lake", sql: str, at: int | None) -> "pa.RecordBatchReader":
    """Return the answer, streamed. An error is shown without the question, which the person can see."""
    try:
        return lake.query(sql, at=at)
    except LakeError as error:
        raise LakeError(error.message, remedy=error.remedy) from error


def first_rows(lake: "Lake", sql: str, at: int | None) -> QueryResult:
    """Return what a person wants to see of an answer."""
    reader = ask(lake, sql, at)
    rows = list(islice(_rows(reader), FIRST_ROWS + 1))
    return QueryResult(list(reader.schema.names), rows[:FIRST_ROWS], len(rows) > FIRST_ROWS)


def write_answer(reader: "pa.RecordBatchReader", kind: str, file: BinaryIO) -> None:
    """Writes an answer as it arrives: it may be larger than the memory."""
    {"csv": _write_csv, "json": _write_json, "parquet": _write_parquet}[kind](reader, file)


def _write_csv(reader: "pa.RecordBatchReader", file: BinaryIO) -> None:
    """NULL is nothing, an empty text is `""`, lists and structs are JSON."""
    file.write(_csv_line(reader.schema.names))
    for row in _rows(reader):
        file.write(_csv_line(row))


def _csv_line(row: Sequence[Any]) -> bytes:
    # Python's own writer tells neither NULL from an empty text nor a return from the end of a line.
    return (",".join(map(_csv_field, row)) + "\n").encode("utf-8", "replace")


def _csv_field(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, dict | list):
        value = json.dumps(json_ready(value), ensure_ascii=False)
    text = str(value).lower() if isinstance(value, bool) else str(json_ready(value))
    return text if text and not _WANTS_QUOTES.search(text) else '"' + text.replace('"', '""') + '"'


def _write_json(reader: "pa.RecordBatchReader", file: BinaryIO) -> None:
    """Write one array, a row on each line."""
    opening = b"[\n"
    for row in _rows(reader):
        record = json_ready(dict(zip(reader.schema.names, row, strict=True)))
        file.write(opening + json.dumps(record, ensure_ascii=False).encode("utf-8", "replace"))
        opening = b",\n"
    file.write(b"[]\n" if opening == b"[\n" else b"\n]\n")


def _write_parquet(reader: "pa.RecordBatchReader", file: BinaryIO) -> None:
    import pyarrow.parquet as pq

    with pq.ParquetWriter(file, reader.schema, compression="zstd") as writer:
        for batch in _batches(reader):
            writer.write_batch(batch)


def _rows(reader: "pa.RecordBatchReader") -> Iterator[Row]:
    """Yield the rows as tuples: two columns may have one name."""
    for batch in _batches(reader):
        yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)


def _batches(reader: "pa.RecordBatchReader") -> "Iterator[pa.RecordBatch]":
    """Yield the batches; an error that shows only while the query runs becomes a LakeError."""
    while True:
        try:
            batch = reader.read_next_batch()
        except StopIteration:
            return
        except OSError as error:  # the kind Arrow makes of an error of DuckDB
            raise LakeError(str(error).strip()) from error
        yield batch
