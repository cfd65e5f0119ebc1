"""The lake: read it at any snapshot, stage rows beside it, and make them visible in one short commit."""

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import duckdb
from duckdb import DuckDBPyConnection

from synth_assets.core.contract import WHOLE, Contract
from synth_assets.core.errors import ConflictError, LakeError
from synth_assets.lake import compaction
from synth_assets.lake.care import CareReport, delete_expired, delete_orphans, expire
from synth_assets.lake.catalog import Catalog, catalog_of
from synth_assets.lake.commit import Append, Change, Replace, apply
from synth_assets.lake.instance import LAKE, Instance, lake_errors, newest, past, writing
from synth_assets.lake.names import checked_partition, quoted_column, table_parts
from synth_assets.lake.publish import PublishReport, publish
from synth_assets.lake.reader import Reader
from synth_assets.lake.session import StagingSession
from synth_assets.lake.snapshots import CommitInfo
from synth_assets.lake.writer import Shape, Writer
from synth_assets.settings import Settings

_MOST_PASTS = 2
_MANY_FILES = 8
_DAY_S = 86_400.0
_GONE = "it never was, or care has let it expire; `synth lake snapshots` lists those that are kept"


class Lake(Reader):
    """A reader that can also write. Threads may share it; processes open their own."""

    def __init__(self, catalog: Catalog) -> None:
        super().__init__(self._connect, self._connect_briefly)
        self._catalog = catalog
        self._session = StagingSession(catalog)
        self._instances: dict[int | None, Instance] = {}
        self._writes: DuckDBPyConnection | None = None
        self._closed = False
        self._opening = threading.Lock()
        self._writing = threading.Lock()

    def __enter__(self) -> "Lake":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends it: what was staged and not committed is up for removal. Results being read can still be read."""
        with self._opening, self._writing:
            self._closed = True
            self._instances.clear()
            self._writes = None
        self._session.close()

    def stage(
        self, table: str, contract: Contract, partition: str = WHOLE, *, ids: bool = True, calls: bool = False
    ) -> Writer:
        """A writer of rows for a table and partition, which `commit` makes visible."""
        _give_memory_back()
        table_parts(table)
        shape = Shape(table, contract, checked_partition(partition), ids, calls)
        for name in shape.columns:
            quoted_column(name)
        return Writer(shape, self._session.new_path)

    def commit(
        self, changes: Sequence[Change], about: CommitInfo, *, guard: Callable[[Reader], None] | None = None
    ) -> int:
        """Makes all changes visible at once, or none, and returns the snapshot that has them.

        `guard` looks at the lake as the changes will find it; what it raises calls the commit off.
        """
        for change in changes:
            if isinstance(change, Replace | Append):
                change.writer.finish()

        def work(connection: DuckDBPyConnection) -> None:
            if guard is not None:
                guard(Reader(lambda at: connection if at is None else self._connect(at)))
            apply(connection, changes, about)

        return self._transact(work)

    @contextmanager
    def frozen(self) -> Iterator[Reader]:
        """The newest snapshot, which stays the newest for this reader. Sooner there than one that is opened by number.

        It has one connection: a result that is read bit by bit ends with the next question.
        """
        connection = self._connect(None)
        with lake_errors("lake"):
            connection.execute("BEGIN")
        try:
            yield Reader(lambda _: connection)
        finally:
            connection.close()

    def compact(self, table: str, partition: str | None = None, *, fewest: int = 2) -> bool:
        """Makes the small files of each partition one, where there are at least `fewest`; true where it did."""
        if not compaction.is_due(self._connect_briefly(None), table, fewest):
            return False
        at = self.snapshot()
        piles = compaction.piles(self._connect(at), table, fewest)
        done = [self._compact(pile, at) for pile in piles if partition in (None, pile.partition)]
        return any(done)

    def _compact(self, pile: compaction.Pile, at: int) -> bool:
        columns = self.columns(pile.table, at)
        shape = compaction.shape_of(pile.table, columns, pile.partition)
        if shape is None:
            return False
        with Writer(shape, self._session.new_path) as writer:
            compaction.copy(self._connect(at), pile, writer)
        try:
            self._transact(lambda connection: compaction.swap(connection, pile, writer, columns))
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
        """Compacts, lets old snapshots expire, deletes what nobody needs. Safe at any time, as often as you like.

        `orphans_older_than_s` is how long a file stays after its last snapshot expired, so that whoever still
        reads it can finish; and how old a file of unknown origin must be to count as left behind.
        """
        compacted = tuple(table for table in self.tables() if self.compact(table, fewest=_MANY_FILES))
        with self._writing, lake_errors("lake"), self._catalog.lock():
            connection = self._writer()
            expired = expire(connection, keep_snapshots, older_than_s)
            files, size = delete_expired(connection, orphans_older_than_s)
        orphans, orphans_size = delete_orphans(self._catalog, self._connect(None), orphans_older_than_s)
        return CareReport(compacted, expired, files, orphans, size + orphans_size)

    def publish(self, path: Path) -> PublishReport:
        """Writes the newest snapshot as one plain DuckDB file that replaces the one before."""
        at = self.snapshot()
        return publish(self._connect(at), at, self.tables(at), path)

    def _transact(self, work: Callable[[DuckDBPyConnection], None]) -> int:
        """Runs the one transaction that writes, and returns the snapshot it made."""
        with self._writing, lake_errors("lake"):
            with self._catalog.lock():
                connection = self._writer()
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

    def _writer(self) -> DuckDBPyConnection:
        """The connection that writes. Whoever asks for it holds both locks: that of the threads and that of all."""
        self._raise_if_closed()
        if self._writes is None:
            self._writes = writing(self._catalog).connect()
        return self._writes

    def _connect(self, at: int | None) -> DuckDBPyConnection:
        """A connection to the newest snapshot or to a past one."""
        with lake_errors():
            return self._instance(at).connect()

    def _connect_briefly(self, at: int | None) -> DuckDBPyConnection:
        with lake_errors():
            return self._instance(at).brief()

    def _instance(self, at: int | None) -> Instance:
        """The database that reads a snapshot, or the newest one; the pasts read last are kept open."""
        with self._opening, lake_errors("lake" if at is None else f"snapshot {at}", _GONE if at is not None else None):
            self._raise_if_closed()
            instance = self._instances.pop(at, None)
            if instance is None:
                instance = newest(self._catalog) if at is None else past(self._catalog, at)
            self._instances[at] = instance
            pasts = [snapshot for snapshot in self._instances if snapshot is not None]
            if len(pasts) > _MOST_PASTS:
                del self._instances[pasts[0]]
            return instance

    def _raise_if_closed(self) -> None:
        if self._closed:
            raise LakeError("the lake is closed")


@cache
def _give_memory_back() -> None:
    """Arrow's own allocators keep what they once had; the system's gives it back, at no cost that could be measured."""
    import pyarrow as pa

    pa.set_memory_pool(pa.system_memory_pool())


def _roll_back(connection: DuckDBPyConnection) -> None:
    try:
        connection.execute("ROLLBACK")
    except duckdb.Error:
        return  # the transaction had ended already; the error that ended it is on its way up


def open_lake(settings: Settings) -> Lake:
    """The lake of the settings, made if it is not there yet."""
    catalog = catalog_of(settings)
    lake = Lake(catalog)
    try:
        lake.snapshot()
    except LakeError:
        with catalog.lock(), lake_errors("lake"):
            _initialise(catalog)
        lake.snapshot()
    return lake


def _initialise(catalog: Catalog) -> None:
    """Makes the catalog. The first attach of all must be alone, so the caller holds the lock."""
    connection = writing(catalog).connect()
    for option, value in (("data_inlining_row_limit", "0"), ("parquet_compression", "'zstd'")):
        connection.execute(f"CALL ducklake_set_option('{LAKE}', '{option}', {value})")
