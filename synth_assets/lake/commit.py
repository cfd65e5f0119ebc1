"""One commit: tables are made or changed to fit their contracts, staged files come in, old rows go out."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from duckdb import DuckDBPyConnection

from synth_assets.core.errors import LakeError
from synth_assets.lake.instance import LAKE
from synth_assets.lake.names import duckdb_type, quoted_column, quoted_table, quoted_text, table_parts, without_braces
from synth_assets.lake.snapshots import CommitInfo
from synth_assets.lake.writer import Shape, Writer


@dataclass(frozen=True, slots=True)
class Replace:
    """The staged rows become the partition, whatever it held."""

    writer: Writer


@dataclass(frozen=True, slots=True)
class Append:
    """The staged rows come to those that are there."""

    writer: Writer


@dataclass(frozen=True, slots=True)
class Drop:
    """The table goes, if it is there; older snapshots keep it."""

    table: str


@dataclass(frozen=True, slots=True)
class View:
    """The table is the result of a SELECT, computed whenever it is read."""

    table: str
    sql: str
    description: str = ""


Change: TypeAlias = Replace | Append | Drop | View


def apply(connection: DuckDBPyConnection, changes: Sequence[Change], about: CommitInfo) -> None:
    """Makes the changes in the transaction that is open, and signs it."""
    for change in changes:
        if isinstance(change, Drop):
            connection.execute(f"DROP TABLE IF EXISTS {quoted_table(change.table)}")
        elif isinstance(change, View):
            _define(connection, change)
        else:
            _put(connection, change)
    sign(connection, about)


def sign(connection: DuckDBPyConnection, about: CommitInfo) -> None:
    """Says who makes the changes of the transaction that is open."""
    author, message = without_braces(f"{about.recipe}.{about.stage}"), without_braces(about.message)
    told = ", ".join(map(quoted_text, (LAKE, author, message)))
    connection.execute(f"CALL ducklake_set_commit_message({told}, extra_info => {quoted_text(about.to_text())})")


def add_file(connection: DuckDBPyConnection, table: str, writer: Writer) -> None:
    """Makes a staged file part of its table."""
    path = writer.finish()
    if path is not None:
        schema, name = map(quoted_text, table_parts(table))
        connection.execute(
            f"CALL ducklake_add_data_files({quoted_text(LAKE)}, {name}, {quoted_text(str(path))},"
            f" schema => {schema}, allow_missing => true)"
        )
        # From here on the file may be the lake's: even a COMMIT that fails may have landed.
        writer.release()


def _define(connection: DuckDBPyConnection, view: View) -> None:
    table, (schema, _) = quoted_table(view.table), table_parts(view.table)
    connection.execute(f'CREATE SCHEMA IF NOT EXISTS "{schema}"')
    if not _is_view(connection, view.table):
        connection.execute(f"DROP TABLE IF EXISTS {table}")
    connection.execute(f"CREATE OR REPLACE VIEW {table} AS {view.sql}")
    connection.execute(f"COMMENT ON VIEW {table} IS {quoted_text(without_braces(view.description))}")


def _is_view(connection: DuckDBPyConnection, table: str) -> bool:
    schema, name = map(quoted_text, table_parts(table))
    sql = f"SELECT 1 FROM duckdb_views() WHERE schema_name = {schema} AND view_name = {name}"
    return bool(connection.execute(f"{sql} AND database_name = current_database()").fetchall())


def _put(connection: DuckDBPyConnection, change: Replace | Append) -> None:
    shape, replaces = change.writer.shape, isinstance(change, Replace)
    fresh = _fit(connection, shape, replaces)
    if replaces and not fresh:
        key = quoted_text(shape.partition)
        connection.execute(f"DELETE FROM {quoted_table(shape.table)} WHERE partition_key = {key}")
    add_file(connection, shape.table, change.writer)


def _fit(connection: DuckDBPyConnection, shape: Shape, replaces: bool) -> bool:
    """Makes the table hold the contract's columns; true where it is a new one, without rows."""
    wanted = {name: duckdb_type(kind) for name, kind in shape.columns.items()}
    if _is_view(connection, shape.table):
        connection.execute(f"DROP VIEW {quoted_table(shape.table)}")
    found = _columns(connection, shape.table)
    if not found:
        _create(connection, shape, wanted)
        return True
    changed = [name for name, kind in wanted.items() if found.get(name, (kind, ""))[0] != kind]
    if changed:
        _raise_if_held(connection, shape, changed[0], replaces)
        connection.execute(f"DROP TABLE {quoted_table(shape.table)}")
        _create(connection, shape, wanted)
        return True
    table = quoted_table(shape.table)
    for name in wanted.keys() - found.keys():
        connection.execute(f"ALTER TABLE {table} ADD COLUMN {quoted_column(name)} {wanted[name]}")
    for name in found.keys() - wanted.keys() if replaces else ():
        connection.execute(f"ALTER TABLE {table} DROP COLUMN {quoted_column(name)}")
    _comment(connection, shape, {name: comment for name, (_, comment) in found.items()})
    return False


def _columns(connection: DuckDBPyConnection, table: str) -> dict[str, tuple[str, str]]:
    """The type and the comment of each column."""
    schema, name = map(quoted_text, table_parts(table))
    rows = connection.execute(
        "SELECT column_name, data_type, coalesce(comment, '') FROM duckdb_columns()"
        f" WHERE database_name = current_database() AND schema_name = {schema} AND table_name = {name}"
    ).fetchall()
    return {str(row[0]): (str(row[1]), str(row[2])) for row in rows}


def _create(connection: DuckDBPyConnection, shape: Shape, wanted: dict[str, str]) -> None:
    schema, _ = table_parts(shape.table)
    table = quoted_table(shape.table)
    columns = ", ".join(f"{quoted_column(name)} {kind}" for name, kind in wanted.items())
    connection.execute(f'CREATE SCHEMA IF NOT EXISTS "{schema}"')
    connection.execute(f"CREATE TABLE {table} ({columns})")
    description = quoted_text(without_braces(shape.contract.description))
    connection.execute(f"COMMENT ON TABLE {table} IS {description}")
    _comment(connection, shape, {})


def _comment(connection: DuckDBPyConnection, shape: Shape, found: dict[str, str]) -> None:
    for name, comment in shape.comments.items():
        if comment != found.get(name, ""):
            connection.execute(
                f"COMMENT ON COLUMN {quoted_table(shape.table)}.{quoted_column(name)} IS {quoted_text(comment)}"
            )


def _raise_if_held(connection: DuckDBPyConnection, shape: Shape, column: str, replaces: bool) -> None:
    """A column's type can change only when no row of another partition is left with the old one."""
    others = f" WHERE partition_key <> {quoted_text(shape.partition)}" if replaces else ""
    held = connection.execute(f"SELECT 1 FROM {quoted_table(shape.table)}{others} LIMIT 1").fetchall()
    if held:
        raise LakeError(
            f"the type of column {column} has changed, and other rows of the table still have the old one",
            where=shape.table,
            remedy="give the column another name, or drop the table and run all its partitions again",
        )
