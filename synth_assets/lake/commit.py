"""Makes the changes of one commit: fits tables to their contracts, adds staged files, deletes replaced rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from duckdb import DuckDBPyConnection

from synth_assets.core.errors import LakeError
from synth_assets.lake.instance import LAKE
from synth_assets.lake.names import duckdb_type, quoted_column, quoted_table, quoted_text, table_parts, without_braces
from synth_assets.lake.snapshots import CommitInfo
from synth_assets.lake.writer import TableShape, Writer


@dataclass(frozen=True, slots=True)
class Replace:
    """The staged rows replace those of the partition."""

    writer: Writer


@dataclass(frozen=True, slots=True)
class Append:
    """The staged rows are added to the table."""

    writer: Writer


@dataclass(frozen=True, slots=True)
class Drop:
    """The table is dropped, if it exists; older snapshots keep it."""

    table: str


@dataclass(frozen=True, slots=True)
class View:
    """The table is the result of a SELECT, computed whenever it is read."""

    table: str
    sql: str
    description: str = ""


Change: TypeAlias = Replace | Append | Drop | View


def apply_changes(connection: DuckDBPyConnection, changes: Sequence[Change], info: CommitInfo) -> None:
    """Make the changes in the open transaction, and say in it who makes them."""
    for change in changes:
        if isinstance(change, Drop):
            connection.execute(f"DROP TABLE IF EXISTS {quoted_table(change.table)}")
        elif isinstance(change, View):
            _create_view(connection, change)
        else:
            _write(connection, change)
    set_commit_message(connection, info)


def set_commit_message(connection: DuckDBPyConnection, info: CommitInfo) -> None:
    """Record in the open transaction who makes it and what it is part of."""
    author, message = without_braces(f"{info.recipe}.{info.stage}"), without_braces(info.message)
    arguments = ", ".join(map(quoted_text, (LAKE, author, message)))
    connection.execute(f"CALL ducklake_set_commit_message({arguments}, extra_info => {quoted_text(info.to_text())})")


def add_file(connection: DuckDBPyConnection, table: str, writer: Writer) -> None:
    """Make a staged file part of its table.

    The only way rows come in: DuckLake's own writers (INSERT, UPDATE, CREATE TABLE AS) keep statistics of
    texts, whose braces it then takes for its tokens.
    """
    path = writer.finish()
    if path is not None:
        schema, name = map(quoted_text, table_parts(table))
        connection.execute(
            f"CALL ducklake_add_data_files({quoted_text(LAKE)}, {name}, {quoted_text(str(path))},"
            f" schema => {schema}, allow_missing => true)"
        )
        # From here on the file may be the lake's: even a COMMIT that fails may have landed.
        writer.release()


def _create_view(connection: DuckDBPyConnection, view: View) -> None:
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


def _write(connection: DuckDBPyConnection, change: Replace | Append) -> None:
    shape, replaces = change.writer.shape, isinstance(change, Replace)
    is_new = _match_contract(connection, shape, replaces)
    if replaces and not is_new:
        key = quoted_text(shape.partition)
        connection.execute(f"DELETE FROM {quoted_table(shape.table)} WHERE partition_key = {key}")
    add_file(connection, shape.table, change.writer)


def _match_contract(connection: DuckDBPyConnection, shape: TableShape, replaces: bool) -> bool:
    """Give the table the contract's columns, and return whether it is a new one, without rows."""
    types = {name: duckdb_type(kind) for name, kind in shape.columns.items()}
    if _is_view(connection, shape.table):
        connection.execute(f"DROP VIEW {quoted_table(shape.table)}")
    existing = _columns(connection, shape.table)
    if not existing:
        _create(connection, shape, types)
        return True
    changed = [name for name, kind in types.items() if existing.get(name, (kind, ""))[0] != kind]
    if changed:
        _raise_if_others_hold(connection, shape, changed[0], replaces)
        connection.execute(f"DROP TABLE {quoted_table(shape.table)}")
        _create(connection, shape, types)
        return True
    table = quoted_table(shape.table)
    for name in types.keys() - existing.keys():
        connection.execute(f"ALTER TABLE {table} ADD COLUMN {quoted_column(name)} {types[name]}")
    for name in existing.keys() - types.keys() if replaces else ():
        connection.execute(f"ALTER TABLE {table} DROP COLUMN {quoted_column(name)}")
    _comment(connection, shape, {name: comment for name, (_, comment) in existing.items()})
    return False


def _columns(connection: DuckDBPyConnection, table: str) -> dict[str, tuple[str, str]]:
    """Return the type and the comment of each column."""
    schema, name = map(quoted_text, table_parts(table))
    rows = connection.execute(
        "SELECT column_name, data_type, coalesce(comment, '') FROM duckdb_columns()"
        f" WHERE database_name = current_database() AND schema_name = {schema} AND table_name = {name}"
    ).fetchall()
    return {str(row[0]): (str(row[1]), str(row[2])) for row in rows}


def _create(connection: DuckDBPyConnection, shape: TableShape, types: dict[str, str]) -> None:
    schema, _ = table_parts(shape.table)
    table = quoted_table(shape.table)
    columns = ", ".join(f"{quoted_column(name)} {kind}" for name, kind in types.items())
    connection.execute(f'CREATE SCHEMA IF NOT EXISTS "{schema}"')
    connection.execute(f"CREATE TABLE {table} ({columns})")
    description = quoted_text(without_braces(shape.contract.description))
    connection.execute(f"COMMENT ON TABLE {table} IS {description}")
    _comment(connection, shape, {})


def _comment(connection: DuckDBPyConnection, shape: TableShape, existing: dict[str, str]) -> None:
    for name, comment in shape.comments.items():
        if comment != existing.get(name, ""):
            connection.execute(
                f"COMMENT ON COLUMN {quoted_table(shape.table)}.{quoted_column(name)} IS {quoted_text(comment)}"
            )


def _raise_if_others_hold(connection: DuckDBPyConnection, shape: TableShape, column: str, replaces: bool) -> None:
    """Raise where another partition has rows: a column's type can change only when none is left with the old one."""
    condition = f" WHERE partition_key <> {quoted_text(shape.partition)}" if replaces else ""
    others_rows = connection.execute(f"SELECT 1 FROM {quoted_table(shape.table)}{condition} LIMIT 1").fetchall()
    if others_rows:
        raise LakeError(
            f"the type of column {column} has changed, and other rows of the table still have the old one",
            where=shape.table,
            remedy="give the column another name, or drop the table and run all its partitions again",
        )
