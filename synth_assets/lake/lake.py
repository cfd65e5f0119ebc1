"""The lake: read it at any snapshot, stage rows beside it, and make them visible in one short commit."""

import threading
from collections.abc import Callable, Sequence

import duckdb

from synth_assets.core.contract import WHOLE, Contract
from synth_assets.core.errors import LakeError
from synth_assets.lake.catalog import Catalog, catalog_of
from synth_assets.lake.commit import Change, Drop, apply
from synth_assets.lake.instance import Instance, Place, lake_errors
from synth_assets.lake.names import checked_partition, quoted_column, table_parts
from synth_assets.lake.reader import Reader
from synth_assets.lake.session import Session
from synth_assets.lake.snapshots import About
from synth_assets.lake.writer import Shape, Writer
from synth_assets.settings import Settings

_MOST_ATTACHMENTS = 64


class Lake(Reader):
    """A reader that can also write. Threads may share it; processes open their own."""

    def __init__(self, catalog: Catalog) -> None:
        super().__init__(self._read_place)
        self._catalog = catalog
        self._session = Session(catalog)
        self._instance: Instance | None = None
        self._writer: Place | None = None
        self._closed = False
        self._opening = threading.Lock()
        self._writing = threading.Lock()

    def __enter__(self) -> "Lake":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends it; what was staged and not committed is up for removal."""
        with self._opening:
            self._closed = True
            if self._instance is not None:
                self._instance.close()
        self._session.close()

    def stage(
        self, table: str, contract: Contract, partition: str = WHOLE, *, ids: bool = True, calls: bool = False
    ) -> Writer:
        """A writer of rows for a table and partition, which `commit` makes visible."""
        table_parts(table)
        shape = Shape(table, contract, checked_partition(partition), ids, calls)
        for name in shape.columns:
            quoted_column(name)
        return Writer(shape, self._session.new_path)

    def commit(self, changes: Sequence[Change], about: About, *, guard: Callable[[Reader], None] | None = None) -> int:
        """Makes all changes visible at once, or none, and returns the snapshot that has them.

        `guard` looks at the lake as the changes will find it; what it raises calls the commit off.
        """
        writers = [change.writer for change in changes if not isinstance(change, Drop)]
        for writer in writers:
            writer.finish()

        def work(place: Place) -> None:
            if guard is not None:
                guard(Reader(lambda at: place if at is None else self._read_place(at)))
            apply(place, changes, about)
            for writer in writers:
                writer.release()

        return self._transact(work)

    def _transact(self, work: Callable[[Place], None]) -> int:
        """Runs the one transaction that writes, among all threads and processes; returns the snapshot it made."""
        with self._writing, lake_errors("lake"):
            with self._catalog.lock():
                place = self._write_place()
                place.connection.execute("BEGIN")
                try:
                    before = Reader(lambda _: place).snapshot()
                    work(place)
                    place.connection.execute("COMMIT")
                except BaseException:
                    _roll_back(place)
                    raise
            return max(before, _last_committed(place))

    def _write_place(self) -> Place:
        """The one connection that writes. Its many small queries are quickest on one thread."""
        self._raise_if_closed()
        if self._writer is None:
            self._writer = Instance(self._catalog, threads=1).writer()
        return self._writer

    def _read_place(self, at: int | None) -> Place:
        instance = self._open_instance()
        with lake_errors("lake" if at is None else f"snapshot {at}", _GONE if at is not None else None):
            return instance.now() if at is None else instance.past(at)

    def _open_instance(self) -> Instance:
        """Begins anew when many snapshots are attached; what still reads from the old one keeps it."""
        with self._opening:
            self._raise_if_closed()
            if self._instance is None or self._instance.attachments > _MOST_ATTACHMENTS:
                self._instance = Instance(self._catalog)
            return self._instance

    def _raise_if_closed(self) -> None:
        if self._closed:
            raise LakeError("the lake is closed")


_GONE = "it never was, or care has let it expire; `synth lake snapshots` lists those that are kept"


def _roll_back(place: Place) -> None:
    try:
        place.connection.execute("ROLLBACK")
    except duckdb.Error:
        return  # the transaction had ended already; the error that ended it is on its way up


def _last_committed(place: Place) -> int:
    found = place.connection.execute(f"SELECT * FROM ducklake_last_committed_snapshot('{place.alias}')").fetchone()
    return found[0] if found and found[0] is not None else 0


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
    instance = Instance(catalog)
    place = instance.writer()
    for option, value in (("data_inlining_row_limit", "0"), ("parquet_compression", "'zstd'")):
        place.connection.execute(f"CALL ducklake_set_option('{place.alias}', '{option}', {value})")
    instance.close()
