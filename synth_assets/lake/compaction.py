"""Compacts the small files of a partition into one, which replaces them only if none has changed.

DuckLake's own `merge_adjacent_files` and `rewrite_data_files` are not used: they write statistics of texts (see
`writer`), and a merge of files with braces in their texts failed its commit.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from duckdb import DuckDBPyConnection

from synth_assets.core.column_types import infer_type_from_duckdb
from synth_assets.core.contract import SYSTEM_COLUMNS, Column, Contract
from synth_assets.core.errors import ConflictError
from synth_assets.lake.commit import add_file, set_commit_message
from synth_assets.lake.instance import LAKE, lake_errors
from synth_assets.lake.names import checked_partition, quoted_table, quoted_text, table_parts
from synth_assets.lake.snapshots import CommitInfo
from synth_assets.lake.writer import TableShape, Writer

SMALL_BYTES = 16 << 20
_BATCH_ROWS = 8_192


@dataclass(frozen=True, slots=True)
class SmallFiles:
    """The small files of one partition, as they are at a snapshot, in the order they were added."""

    table: str
    partition: str
    files: tuple[str, ...]


def is_due(connection: DuckDBPyConnection, table: str, fewest: int) -> bool:
    """Return whether a table has so many small files."""
    return sum(size < SMALL_BYTES for size in _live_files(connection, table).values()) >= fewest


def find_small_files(connection: DuckDBPyConnection, table: str, fewest: int) -> Iterator[SmallFiles]:
    """Yield the small files of each partition that has at least that many."""
    sizes = _live_files(connection, table)
    of_file = f"SELECT partition_key, filename, min(rowid) AS first FROM {quoted_table(table)} GROUP BY 1, 2"
    sql = f"SELECT partition_key, list(filename ORDER BY first) FROM ({of_file}) GROUP BY 1 ORDER BY 1"
    with lake_errors(table):
        rows = connection.execute(sql).fetchall()
    for partition, files in rows:
        small = tuple(file for file in files if sizes.get(file, SMALL_BYTES) < SMALL_BYTES)
        if len(small) >= fewest:
            yield SmallFiles(table, checked_partition(partition), small)


def infer_shape(table: str, columns: dict[str, str], partition: str) -> TableShape | None:
    """Infer from a table's columns how it is written; None where something other than the lake made it."""
    kinds = {name: infer_type_from_duckdb(kind) for name, kind in columns.items()}
    own = [Column(name, kind) for name, kind in kinds.items() if kind and name not in SYSTEM_COLUMNS]
    shape = TableShape(table, Contract(tuple(own)), partition, "row_id" in kinds, "call_keys" in kinds)
    return shape if shape.columns.keys() == columns.keys() else None


def copy_rows(connection: DuckDBPyConnection, small_files: SmallFiles, writer: Writer) -> None:
    """Stage the rows of the files, in the order they are stored in."""
    names = ", ".join(f'"{name}"' for name in writer.shape.columns)
    # File by file: with several in one query, a busy machine was seen to give them in another order.
    sql = f"SELECT {names} FROM {quoted_table(small_files.table)} WHERE filename ="
    with lake_errors(small_files.table):
        for file in small_files.files:
            for batch in connection.execute(f"{sql} {quoted_text(file)}").to_arrow_reader(_BATCH_ROWS):
                writer.write_batch(batch.cast(writer.shape.schema))


def replace_files(
    connection: DuckDBPyConnection, small_files: SmallFiles, writer: Writer, columns: dict[str, str]
) -> None:
    """Replace the files by the one in the open transaction; ConflictError if they, or the table, have changed."""
    described = connection.execute(f"DESCRIBE {quoted_table(small_files.table)}").fetchall()
    if not _live_files(connection, small_files.table).keys() >= set(small_files.files) or columns != {
        str(row[0]): str(row[1]) for row in described
    }:
        raise ConflictError("it was written to while it was compacted", where=small_files.table)
    sql = f"DELETE FROM {quoted_table(small_files.table)} WHERE filename IN ({_file_list(small_files)})"
    deleted = connection.execute(sql).fetchall()[0][0]
    if deleted != writer.rows:
        raise ConflictError(f"{deleted} rows were there, {writer.rows} were copied", where=small_files.table)
    add_file(connection, small_files.table, writer)
    schema, name = table_parts(small_files.table)
    message = f"{len(small_files.files)} files of {small_files.table} made one"
    set_commit_message(connection, CommitInfo("care", schema, name, small_files.partition, message=message))


def _live_files(connection: DuckDBPyConnection, table: str) -> dict[str, int]:
    """Return the files that hold the table's rows, and their sizes."""
    schema, name = map(quoted_text, table_parts(table))
    sql = f"SELECT data_file, data_file_size_bytes FROM ducklake_list_files('{LAKE}', {name}, schema => {schema})"
    with lake_errors(table):
        return {str(row[0]): int(row[1]) for row in connection.execute(sql).fetchall()}


def _file_list(small_files: SmallFiles) -> str:
    return ", ".join(map(quoted_text, small_files.files))
