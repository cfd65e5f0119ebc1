"""The lake: read it at any snapshot, stage rows, and make them visible in one short commit."""

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import duckdb
from duckdb import DuckDBPyConnection

from synth_assets.core.contract import WHOLE, Contract
from synth_assets.core.errors import ConflictError, LakeError
from synth_assets.lake import compaction
from synth_assets.lake.care import CareReport, delete_expired_files, delete_orphans, expire_snapshots
from synth_assets.lake.catalog import Catalog, open_catalog
from synth_assets.lake.commit import Append, Change, Replace, apply_changes
from synth_assets.lake.instance import LAKE, Instance, lake_errors, open_at, open_newest, open_to_write
from synth_assets.lake.names import checked_partition, quoted_column, table_parts
from synth_assets.lake.publish import PublishReport, publish
from synth_assets.lake.reader import Reader
from synth_assets.lake.snapshots import CommitInfo
from synth_assets.lake.staging_session import StagingSession
from synth_assets.lake.writer import TableShape, Writer
from synth_assets.settings import Settings

_MAX_OPEN_SNAPSHOTS = 2
_MIN_FILES_TO_COMPACT = 8
_DAY_S = 86_400.0
_NO_SNAPSHOT = "it never was, or care has let it expire; `synth lake snapshots` lists those that are kept"


class Lake(Reader):
    """Reads and writes the lake. Threads may share it; processes open their own."""

    def __init__(self, catalog: Catalog) -> None:
        super().__init__(self._connect, self._connect_shared)
        self._catalog = catalog
        self._session = StagingSession(catalog)
        self._instances: dict[int | None, Instance] = {}
        self._write_connection: DuckDBPyConnection | None = None
        self._closed = False
        self._opening = threading.Lock()
        self._writing = threading.Lock()

    def __enter__(self) -> "Lake":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close it: what was staged and not committed may be deleted. Results being streamed can still be read."""
        with self._opening, self._writing:
            self._closed = True
            self._instances.clear()
            self._write_connection = None
        self._session.close()

    def stage(
        self, table: str, contract: Contract, partition: str = WHOLE, *, ids: bool = True, calls: bool = False
    ) -> Writer:
        """Return a writer of rows for a table and partition, which `commit` makes visible."""
        table_parts(table)
        shape = TableShape(table, contract, checked_partition(partition), ids, calls)
        for name in shape.columns:
            quoted_column(name)
        return Writer(shape, self._session.new_path)

    def commit(
        self, changes: Sequence[Change], info: CommitInfo, *, guard: Callable[[Reader], None] | None = None
    ) -> int:
        """Make all changes visible at once, or none, and return the snapshot that has them.

        `guard` looks at the lake as the changes will find it; what it raises calls the commit off.
        """
        for change in changes:
            if isinstance(change, Replace | Append):
                change.writer.finish()

        def work(connection: DuckDBPyConnection) -> None:
            if guard is not None:
                guard(Reader(lambda at: connection if at is None else self._connect(at)))
            apply_changes(connection, changes, info)

        return self._transact(work)

    @contextmanager
    def open_snapshot(self) -> Iterator[Reader]:
        """Return a reader for which the newest snapshot stays the newest; faster than opening it by its number.

        It has one connection: a result that is streamed ends with the next question.
        """
        connection = self._connect(None)
        with lake_errors("lake"):
            connection.execute("BEGIN")
        try:
            yield Reader(lambda _: connection)
        finally:
            connection.close()

    def compact(self, table: str, partition: str | None = None, *, fewest: int = 2) -> bool:
        """Compact the small files of each partition that has at least `fewest`, and return whether any had."""
        if not compaction.is_due(self._connect_shared(None), table, fewest):
            return False
        at = self.snapshot()
        candidates = compaction.find_small_files(self._connect(at), table, fewest)
        done = [self._compact(each, at) for each in candidates if partition in (None, each.partition)]
        return any(done)

    def _compact(self, small_files: compaction.SmallFiles, at: int) -> bool:
        columns = self.columns(small_files.table, at)
        shape = compaction.infer_shape(small_files.table, columns, small_files.partition)
        if shape is None:
            return False
        with Writer(shape, self._session.new_path) as writer:
            compaction.copy_rows(self._connect(at), small_files, writer)
        try:
            self._transact(lambda connection: compaction.replace_files(connection, small_files, writer, columns))
        except ConflictError:
            writer.discard()
            return False
        return True

    def care(
        self,
        *,
        keep_snapshots: Iterable[int] = (),
        older_than_s: float = 7 * _DAY_S,
        orphans_older_than_s: float = _DAY_S,
    ) -> CareReport:
        """Compact, let old snapshots expire, delete what nobody needs. Safe at any time, as often as you like.

        `orphans_older_than_s` is how long a file stays after its last snapshot expired, so that whoever still
        reads it can finish; and how old a file of unknown origin must be to count as left behind.
        """
        compacted = tuple(table for table in self.tables() if self.compact(table, fewest=_MIN_FILES_TO_COMPACT))
        with self._writing, lake_errors("lake"), self._catalog.lock():
            connection = self._writing_connection()
            expired = expire_snapshots(connection, keep_snapshots, older_than_s)
            files, size = delete_expired_files(connection, orphans_older_than_s)
        orphans, orphans_size = delete_orphans(self._catalog, self._connect(None), orphans_older_than_s)
        return CareReport(compacted, expired, files, orphans, size + orphans_size)

    def publish(self, path: Path) -> PublishReport:
        """Write the newest snapshot as one plain DuckDB file that replaces the one before."""
        at = self.snapshot()
        return publish(self._connect(at), at, self.tables(at), path)

    def _transact(self, work: Callable[[DuckDBPyConnection], None]) -> int:
        """Run one writing transaction, alone in all processes, and return the snapshot it made."""
        with self._writing, lake_errors("lake"):
            with self._catalog.lock():
                connection = self._writing_connection()
                connection.execute("BEGIN")
                try:
                    before = Reader(lambda _: connection).snapshot()
                    work(connection)
                    connection.execute("COMMIT")
                except BaseException:
                    _roll_back(connection)
                    raise
            committed = connection.execute(f"FROM ducklake_last_committed_snapshot('{LAKE}')").fetchall()
        # Where nothing changed there is no new snapshot.
        return max(before, *(row[0] or 0 for row in committed))

    def _writing_connection(self) -> DuckDBPyConnection:
        """Return the connection that writes. The caller holds the locks of threads and processes."""
        self._raise_if_closed()
        if self._write_connection is None:
            self._write_connection = open_to_write(self._catalog).connect()
        return self._write_connection

    def _connect(self, at: int | None) -> DuckDBPyConnection:
        """Open a connection to the newest snapshot or to an older one."""
        with lake_errors():
            return self._instance(at).connect()

    def _connect_shared(self, at: int | None) -> DuckDBPyConnection:
        with lake_errors():
            return self._instance(at).thread_connection()

    def _instance(self, at: int | None) -> Instance:
        """Return the database that reads a snapshot, or the newest one; those used last are kept open."""
        with (
            self._opening,
            lake_errors("lake" if at is None else f"snapshot {at}", _NO_SNAPSHOT if at is not None else None),
        ):
            self._raise_if_closed()
            instance = self._instances.pop(at, None)
            if instance is None:
                instance = open_newest(self._catalog) if at is None else open_at(self._catalog, at)
            self._instances[at] = instance
            snapshots = [snapshot for snapshot in self._instances if snapshot is not None]
            if len(snapshots) > _MAX_OPEN_SNAPSHOTS:
                del self._instances[snapshots[0]]
            return instance

    def _raise_if_closed(self) -> None:
        if self._closed:
            raise LakeError("the lake is closed")


def _roll_back(connection: DuckDBPyConnection) -> None:
    try:
        connection.execute("ROLLBACK")
    except duckdb.Error:
        return  # the transaction had ended already; the error that ended it is on its way up


def open_lake(settings: Settings) -> Lake:
    """Open the lake of the settings, which is made if there is none yet."""
    catalog = open_catalog(settings)
    lake = Lake(catalog)
    try:
        lake.snapshot()
    except LakeError:
        with catalog.lock(), lake_errors("lake"):
            _initialise(catalog)
        lake.snapshot()
    return lake


def _initialise(catalog: Catalog) -> None:
    """Make the catalog. Two first attaches at once would clash, so the caller holds the lock."""
    connection = open_to_write(catalog).connect()
    for option, value in (("data_inlining_row_limit", "0"), ("parquet_compression", "'zstd'")):
        connection.execute(f"CALL ducklake_set_option('{LAKE}', '{option}', {value})")
