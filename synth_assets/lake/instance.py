"""A DuckDB database in memory with the lake attached: as it is now, as of a snapshot, or to write."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path

import duckdb
from duckdb import DuckDBPyConnection

from synth_assets.core.errors import LakeError
from synth_assets.lake.catalog import Catalog
from synth_assets.lake.names import quoted_text

LAKE = "lake"
_EXTENSIONS = ("ducklake", "sqlite_scanner")
_MIN_MEMORY_BYTES = 512 << 20


@contextmanager
def lake_errors(where: str | None = None, remedy: str | None = None) -> Iterator[None]:
    """Turn an error of DuckDB into one that says where it happened, and Ctrl-C in a query into Ctrl-C again."""
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
        load_statements = [load_statement(name) for name in _EXTENSIONS]
        self._database = duckdb.connect(
            config={
                # Their signatures are checked once a process, by `load_statement`. A check takes 0.13 s, and a
                # process opens the lake several times: to read, to write, and at each snapshot.
                "allow_unsigned_extensions": True,
                "autoinstall_known_extensions": False,
                "python_enable_replacements": False,
            }
        )
        for statement in load_statements:
            self._database.execute(statement)
        self._database.execute(f"SET GLOBAL temp_directory = {quoted_text(str(catalog.spill))}")
        self._database.execute(f"SET GLOBAL memory_limit = '{_memory_limit_bytes()}B'")
        self._database.execute("SET GLOBAL TimeZone = 'UTC'")
        # The system keeps what was read from its files; to keep it here, too, takes memory and no less time.
        self._database.execute("SET GLOBAL enable_external_file_cache = false")
        if threads is not None:
            self._database.execute(f"SET GLOBAL threads = {threads:d}")
        self._database.execute(catalog.attach(LAKE, *options))
        self._local = threading.local()

    def connect(self) -> DuckDBPyConnection:
        """Open a connection for one use by one thread, which finds `schema.table` in the lake."""
        connection = self._database.cursor()
        connection.execute(f"USE {LAKE}; SET enable_progress_bar = false")
        return connection

    def thread_connection(self) -> DuckDBPyConnection:
        """Return the connection of this thread, for results that are read at once: to open one each time is slow."""
        if not hasattr(self._local, "connection"):
            self._local.connection = self.connect()
        connection: DuckDBPyConnection = self._local.connection
        return connection


def open_newest(catalog: Catalog) -> Instance:
    """Open the lake to read it as it is at each question."""
    return Instance(catalog, "READ_ONLY")


def open_at(catalog: Catalog, snapshot: int) -> Instance:
    """Open the lake to read it as it was at a snapshot, whatever is committed later."""
    return Instance(catalog, "READ_ONLY", f"SNAPSHOT_VERSION {snapshot:d}")


def open_to_write(catalog: Catalog) -> Instance:
    """Open the lake to write to it; the caller holds the lock. The small queries of a commit are fastest on one thread.

    No rows are inlined: DuckLake would keep them in the catalog, where braces in texts are tokens.
    """
    return Instance(catalog, "DATA_INLINING_ROW_LIMIT 0", threads=1)


@cache
def _memory_limit_bytes() -> int:
    """Return a quarter of the machine, as several processes ask at once; a query that outgrows it goes to the disk."""
    return max(_MIN_MEMORY_BYTES, os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 4)


@cache
def load_statement(name: str) -> str:
    """Return the statement that loads an extension whose signature has been checked.

    It comes from its wheel, by path, so that nothing is copied into the home folder; where there is no wheel, from
    DuckDB's own repository.
    """
    package = f"duckdb_extension_{name}"
    remedy = f"pip install {package.replace('_', '-')}=={duckdb.__version__}"
    with lake_errors(f"DuckDB extension {name}", remedy), duckdb.connect() as connection:
        path = Path("extensions", f"v{duckdb.__version__}", f"{name}.duckdb_extension")
        if find_spec(package) and (files(package) / str(path)).is_file():
            statement = f"LOAD {quoted_text(str(files(package) / str(path)))}"
        else:
            connection.execute(f"INSTALL {name}")
            statement = f"LOAD {name}"
        connection.execute(statement)  # an extension without DuckDB's signature is an error here
    return statement
