"""Compaction: the small files of a partition become one, swapped in only if they are all still there.

DuckLake's own merge is not used: it writes statistics of texts (see `writer`).
"""

from collections.abc import Iterator
from dataclasses import dataclass

from duckdb import DuckDBPyConnection

from synth_assets.core.column_types import infer_type_from_duckdb
from synth_assets.core.contract import SYSTEM_COLUMNS, Column, Contract
from synth_assets.core.errors import ConflictError
from synth_assets.lake.commit import add_file, sign
from synth_assets.lake.instance import LAKE, lake_errors
from synth_assets.lake.names import checked_partition, quoted_table, quoted_text, table_parts
from synth_assets.lake.snapshots import CommitInfo
from synth_assets.lake.writer import Shape, Writer

SMALL_BYTES = 16 << 20
_BATCH_ROWS = 8_192


@dataclass(frozen=True, slots=True)
class Pile:
    """The small files of one partition, as they are at a snapshot, in the order they were added."""

    table: str
    partition: str
    files: tuple[str, ...]


def is_due(connection: DuckDBPyConnection, table: str, fewest: int) -> bool:
    """Whether a table has so many small files."""
    return sum(size < SMALL_BYTES for size in _live_files(connection, table).values()) >= fewest


def piles(connection: DuckDBPyConnection, table: str, fewest: int) -> Iterator[Pile]:
    """The partitions of a table that have at least that many small files."""
    sizes = _live_files(connection, table)
    of_file = f"SELECT partition_key, filename, min(rowid) AS first FROM {quoted_table(table)} GROUP BY 1, 2"
    sql = f"SELECT partition_key, list(filename ORDER BY first) FROM ({of_file}) GROUP BY 1 ORDER BY 1"
    with lake_errors(table):
        found = connection.execute(sql).fetchall()
    for partition, files in found:
        small = tuple(file for file in files if sizes.get(file, SMALL_BYTES) < SMALL_BYTES)
        if len(small) >= fewest:
            yield Pile(table, checked_partition(partition), small)


def shape_of(table: str, columns: dict[str, str], partition: str) -> Shape | None:
    """How a table is written, told by the columns it has; None where others than the lake made it."""
    kinds = {name: infer_type_from_duckdb(kind) for name, kind in columns.items()}
    own = [Column(name, kind) for name, kind in kinds.items() if kind and name not in SYSTEM_COLUMNS]
    shape = Shape(table, Contract(tuple(own)), partition, "row_id" in kinds, "call_keys" in kinds)
    return shape if shape.columns.keys() == columns.keys() else None


def copy(connection: DuckDBPyConnection, pile: Pile, writer: Writer) -> None:
    """Stages the rows of the pile, in the order they are stored in."""
    names = ", ".join(f'"{name}"' for name in writer.shape.columns)
    # File by file: with several in one query, a busy machine was seen to give them in another order.
    sql = f"SELECT {names} FROM {quoted_table(pile.table)} WHERE filename ="
    with lake_errors(pile.table):
        for file in pile.files:
            for batch in connection.execute(f"{sql} {quoted_text(file)}").to_arrow_reader(_BATCH_ROWS):
                writer.write_batch(batch.cast(writer.shape.schema))


def swap(connection: DuckDBPyConnection, pile: Pile, writer: Writer, columns: dict[str, str]) -> None:
    """In the transaction that is open, puts the one file where the many were; ConflictError if they changed."""
    described = connection.execute(f"DESCRIBE {quoted_table(pile.table)}").fetchall()
    if not _live_files(connection, pile.table).keys() >= set(pile.files) or columns != {
        str(row[0]): str(row[1]) for row in described
    }:
        raise ConflictError("it was written to while it was compacted", where=pile.table)
    sql = f"DELETE FROM {quoted_table(pile.table)} WHERE filename IN ({_listed(pile)})"
    deleted = connection.execute(sql).fetchall()[0][0]
    if deleted != writer.rows:
        raise ConflictError(f"{deleted} rows were there, {writer.rows} were copied", where=pile.table)
    add_file(connection, pile.table, writer)
    schema, name = table_parts(pile.table)
    message = f"{len(pile.files)} files of {pile.table} made one"
    sign(connection, CommitInfo("care", schema, name, pile.partition, message=message))


def _live_files(connection: DuckDBPyConnection, table: str) -> dict[str, int]:
    """The files that hold the table's rows, and their sizes."""
    schema, name = map(quoted_text, table_parts(table))
    sql = f"SELECT data_file, data_file_size_bytes FROM ducklake_list_files('{LAKE}', {name}, schema => {schema})"
    with lake_errors(table):
        return {str(row[0]): int(row[1]) for row in connection.execute(sql).fetchall()}


def _listed(pile: Pile) -> str:
    return ", ".join(map(quoted_text, pile.files))
