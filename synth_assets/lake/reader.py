"""Reads the lake: tables, rows and SQL, as it is now or as it was at a snapshot. Takes no lock."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeAlias

import duckdb
from duckdb import DuckDBPyConnection

from synth_assets.core.errors import LakeError
from synth_assets.lake.instance import LAKE, lake_errors
from synth_assets.lake.names import as_of, checked_partition, quoted_column, quoted_table, quoted_text, table_parts
from synth_assets.lake.snapshots import Snapshot, read_commit_info
from synth_assets.lake.values import to_rows

if TYPE_CHECKING:
    import pyarrow as pa

_READS = (duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN)
_ARROW_ROWS = 8_192
_METADATA = f"__ducklake_metadata_{LAKE}"
_TABLE_NAMES = (
    f"SELECT table_id::VARCHAR, schema_name || '.' || table_name FROM {_METADATA}.ducklake_table"
    f" JOIN {_METADATA}.ducklake_schema USING (schema_id)"
)


Connect: TypeAlias = Callable[[int | None], DuckDBPyConnection]


class Reader:
    """Answers questions about the lake. `at` is a snapshot; without it, each question sees the newest one.

    A result that is streamed has a connection of its own; `connect_shared` gives one for results read at once.
    `params` stand for each `?` of a question. DuckDB imports pandas for them, which takes longer than most questions:
    what every run asks spells its texts with `quoted_text` and `quoted_texts`.
    """

    def __init__(self, connect: Connect, connect_shared: Connect | None = None) -> None:
        self._connect_at = connect
        self._connect_shared_at = connect_shared or connect

    def snapshot(self) -> int:
        """Return the newest snapshot."""
        return int(self._fetch(None, f"SELECT id FROM ducklake_current_snapshot('{LAKE}')")[0][0])

    def snapshots(self) -> list[Snapshot]:
        """Return all snapshots that are kept, oldest first."""
        return self._snapshots("true")

    def commits_of(self, run_id: str) -> list[Snapshot]:
        """Return the commits of a run: one may be in the lake although the run died before it heard of it."""
        stored_run_id = "CASE WHEN json_valid(commit_extra_info) THEN commit_extra_info->>'$.run_id' END"
        return self._snapshots(f"{stored_run_id} = {quoted_text(run_id)}")

    def tables(self, at: int | None = None) -> list[str]:
        """Return the names of all tables, as `schema.table`."""
        # Not duckdb_tables(): that opens every table to estimate its size.
        sql = (
            "SELECT DISTINCT schema_name || '.' || table_name FROM duckdb_columns()"
            " WHERE database_name = current_database() ORDER BY 1"
        )
        return [str(row[0]) for row in self._fetch(at, sql)]

    def has(self, table: str, at: int | None = None) -> bool:
        """Return whether there is such a table."""
        return self._was_table(table, at) or bool(self._columns(table, at))

    def columns(self, table: str, at: int | None = None) -> dict[str, str]:
        """Return the columns of a table and their DuckDB types."""
        columns = self._columns(table, at)
        if not columns:
            raise LakeError("there is no such table", where=table, remedy="`synth sql 'SHOW ALL TABLES'` lists them")
        return columns

    def partitions(self, table: str, at: int | None = None) -> list[str]:
        """Return the partitions that hold rows; none of a view, or where there is no such table."""
        if "partition_key" not in self._columns(table, at):
            return []
        rows = self._fetch(at, f"SELECT DISTINCT partition_key FROM {quoted_table(table)} ORDER BY 1", table)
        return [str(row[0]) for row in rows]

    def count(self, table: str, partition: str | None = None, at: int | None = None) -> int:
        """Count the rows of a table, or of one of its partitions."""
        source, at = self._source(table, at)
        return int(self._fetch(at, f"SELECT count(*) FROM {source}{_where(partition)}", table)[0][0])

    def scan(
        self,
        table: str,
        *,
        columns: Sequence[str] | None = None,
        partition: str | None = None,
        at: int | None = None,
        batch_rows: int = 2_000,
    ) -> Iterator[list[dict[str, Any]]]:
        """Yield the rows of a table in the order they were stored, in batches, all of one snapshot."""
        chosen = "*" if columns is None else ", ".join(map(quoted_column, columns))
        source, at = self._source(table, at)
        sql = f"SELECT {chosen} FROM {source}{_where(partition)}"
        with lake_errors(table):
            batches = self._connect_at(at).execute(sql).to_arrow_reader(batch_rows)
        return _rows_of(batches, table)

    def query(self, sql: str, params: Sequence[object] = (), at: int | None = None) -> "pa.RecordBatchReader":
        """Stream the result of one SELECT; `schema.table` is a table of the lake."""
        return self._run(self._connect_at(at), sql, params).to_arrow_reader(_ARROW_ROWS)

    def rows(self, sql: str, params: Sequence[object] = (), at: int | None = None) -> list[dict[str, Any]]:
        """Return the rows of one SELECT, when they are few."""
        result = self._run(self._connect_shared_at(at), sql, params)
        with lake_errors(_short(sql)):
            names = [column[0] for column in result.description]
            return [dict(zip(names, row, strict=True)) for row in result.fetchall()]

    def _run(self, connection: DuckDBPyConnection, sql: str, params: Sequence[object]) -> DuckDBPyConnection:
        with _explain_tokens(sql):
            statements = connection.extract_statements(sql)
            if len(statements) != 1 or statements[0].type not in _READS:
                raise LakeError("only one SELECT can be asked of the lake", where=_short(sql))
            return connection.execute(statements[0], list(params) or None)

    def _fetch(self, at: int | None, sql: str, where: str | None = None) -> list[tuple[Any, ...]]:
        with lake_errors(where):
            return self._connect_shared_at(at).execute(sql).fetchall()

    def _source(self, table: str, at: int | None) -> tuple[str, int | None]:
        """Return a table as SQL reads it, and the snapshot to open: for a table as it was, the newest, which is open.

        A view is asked of the lake as it was: elsewhere it would read its own tables as they are now.
        """
        if self._was_table(table, at):
            return f"{quoted_table(table)}{as_of(at)}", None
        return quoted_table(table), at

    def _was_table(self, table: str, at: int | None) -> bool:
        """Return whether the name was that of a table, not of a view, at a snapshot that is kept."""
        if at is None:
            return False
        schema, name = map(quoted_text, table_parts(table))
        sql = (
            f"SELECT 1 FROM {_METADATA}.ducklake_table t JOIN {_METADATA}.ducklake_schema USING (schema_id)"
            f" JOIN {_METADATA}.ducklake_snapshot ON snapshot_id = {at:d}"
            f" WHERE schema_name = {schema} AND table_name = {name}"
            " AND t.begin_snapshot <= snapshot_id AND snapshot_id < coalesce(t.end_snapshot, snapshot_id + 1)"
        )
        return bool(self._fetch(None, sql, table))

    def _columns(self, table: str, at: int | None) -> dict[str, str]:
        schema, name = map(quoted_text, table_parts(table))
        sql = (
            "SELECT column_name, data_type FROM duckdb_columns() WHERE database_name = current_database()"
            f" AND schema_name = {schema} AND table_name = {name} ORDER BY column_index"
        )
        return {str(row[0]): str(row[1]) for row in self._fetch(at, sql, table)}

    def _snapshots(self, where: str) -> list[Snapshot]:
        sql = (
            "SELECT snapshot_id, snapshot_time, author, commit_message, commit_extra_info, changes"
            f" FROM ducklake_snapshots('{LAKE}') WHERE {where} ORDER BY snapshot_id"
        )
        with lake_errors():
            rows = self._connect_shared_at(None).execute(sql).fetchall()
        tables = dict(self._fetch(None, _TABLE_NAMES)) if rows else {}
        return [
            Snapshot(id_, time, author, message, read_commit_info(info), _changes_by_table_name(changes, tables))
            for id_, time, author, message, info, changes in rows
        ]


def _rows_of(batches: "pa.RecordBatchReader", table: str) -> Iterator[list[dict[str, Any]]]:
    try:
        for batch in batches:
            yield to_rows(batch)
    except OSError as error:  # the kind Arrow makes of an error of DuckDB
        raise LakeError(str(error).strip(), where=table) from error


def _changes_by_table_name(
    changes: dict[str, list[str]] | None, tables: Mapping[str, str]
) -> dict[str, tuple[str, ...]]:
    """Return what was done to which tables by name: DuckLake gives some as a number, others as a name in quotes."""
    return {
        action: tuple(tables.get(name, name).replace('"', "") for name in names)
        for action, names in (changes or {}).items()
    }


def _where(partition: str | None) -> str:
    return "" if partition is None else f" WHERE partition_key = {quoted_text(checked_partition(partition))}"


@contextmanager
def _explain_tokens(sql: str) -> Iterator[None]:
    """Add the remedy to the error of a query that DuckLake cannot answer: one with a {TOKEN} in a literal."""
    try:
        with lake_errors(_short(sql)):
            yield
    except LakeError as error:
        if "data file list from DuckLake" in error.message:
            error.remedy = "DuckLake takes a {TOKEN} in a literal for its own; write `concat(column) = …` instead"
        raise


def _short(sql: str) -> str:
    words = " ".join(sql.split())
    return words if len(words) <= 120 else f"{words[:119]}…"
