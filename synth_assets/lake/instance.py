"""One DuckDB in memory with the lake attached: as it is now, as of a snapshot, or to write."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib.resources import files
from importlib.util import find_spec

import duckdb
from duckdb import DuckDBPyConnection

from synth_assets.core.errors import LakeError
from synth_assets.lake.catalog import Catalog
from synth_assets.lake.names import quoted_text

LAKE = "lake"
_EXTENSIONS = ("ducklake", "sqlite_scanner")
_LEAST_BYTES = 512 << 20


@contextmanager
def lake_errors(where: str | None = None, remedy: str | None = None) -> Iterator[None]:
    """Turns an error of DuckDB into one that says where it happened, and Ctrl-C in a query into Ctrl-C again."""
    try:
        yield
    except duckdb.Error as error:
        raise LakeError(str(error).strip(), where=where, remedy=remedy) from error
    except RuntimeError as error:
        if error.__cause__ is None or isinstance(error.__cause__, Exception):
            raise
        raise error.__cause__ from None


class Instance:
    """A database of its own. It lives until the last connection to it, or result that reads from it, is gone."""

    def __init__(self, catalog: Catalog, *options: str, threads: int | None = None) -> None:
        loads = [_loading(name) for name in _EXTENSIONS]
        # Their signatures were checked where they had to be, when the statements were made: it takes 0.2 s each time.
        self._root = duckdb.connect(
            config={
                "allow_unsigned_extensions": True,
                "autoinstall_known_extensions": False,
                "python_enable_replacements": False,
            }
        )
        for load in loads:
            self._root.execute(load)
        self._root.execute(f"SET GLOBAL temp_directory = {quoted_text(str(catalog.spill))}")
        self._root.execute(f"SET GLOBAL memory_limit = '{_memory_bytes()}B'")
        self._root.execute("SET GLOBAL TimeZone = 'UTC'")
        # The system keeps what was read from its files; to keep it here, too, takes memory and no less time.
        self._root.execute("SET GLOBAL enable_external_file_cache = false")
        if threads is not None:
            self._root.execute(f"SET GLOBAL threads = {threads:d}")
        self._root.execute(catalog.attach(LAKE, *options))
        self._local = threading.local()

    def connect(self) -> DuckDBPyConnection:
        """A connection for one use by one thread, which finds `schema.table` in the lake."""
        connection = self._root.cursor()
        connection.execute(f"USE {LAKE}; SET enable_progress_bar = false")
        return connection

    def brief(self) -> DuckDBPyConnection:
        """The connection of this thread for results that are read at once: to make one for each takes a while."""
        if not hasattr(self._local, "connection"):
            self._local.connection = self.connect()
        connection: DuckDBPyConnection = self._local.connection
        return connection


def newest(catalog: Catalog) -> Instance:
    """The lake as it is whenever it is asked."""
    return Instance(catalog, "READ_ONLY")


def past(catalog: Catalog, snapshot: int) -> Instance:
    """The lake as it was, whatever is committed later."""
    return Instance(catalog, "READ_ONLY", f"SNAPSHOT_VERSION {snapshot:d}")


def writing(catalog: Catalog) -> Instance:
    """The lake to write to; whoever opens it or writes holds the lock. Its small queries are quickest on one thread."""
    return Instance(catalog, "DATA_INLINING_ROW_LIMIT 0", threads=1)


@cache
def _memory_bytes() -> int:
    """A quarter of the machine, as several processes ask at once; a query that outgrows it goes to the disk."""
    return max(_LEAST_BYTES, os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 4)


@cache
def _loading(name: str) -> str:
    """The statement that loads an extension: from its wheel, by path, or from DuckDB's own repository.

    The wheel is code that was installed beside ours, and trusted like it; what was downloaded must be signed.
    """
    package = f"duckdb_extension_{name}"
    if find_spec(package):
        path = files(package) / "extensions" / f"v{duckdb.__version__}" / f"{name}.duckdb_extension"
        if path.is_file():
            return f"LOAD {quoted_text(str(path))}"
    connection = duckdb.connect()
    remedy = f"pip install {package.replace('_', '-')}=={duckdb.__version__}"
    with lake_errors(f"DuckDB extension {name}", remedy):
        connection.execute(f"INSTALL {name}")
        connection.execute(f"LOAD {name}")
    return f"LOAD {name}"
