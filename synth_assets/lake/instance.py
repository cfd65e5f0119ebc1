"""One DuckDB of this process with the lake attached: read-only, as of a snapshot, or to write."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import files
from importlib.util import find_spec

import duckdb

from synth_assets.core.errors import LakeError
from synth_assets.lake.catalog import Catalog
from synth_assets.lake.names import quoted_text

LAKE = "lake"
_EXTENSIONS = ("ducklake", "sqlite_scanner")
_CONFIG: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": False,
    "python_enable_replacements": False,
}


@contextmanager
def lake_errors(where: str | None = None, remedy: str | None = None) -> Iterator[None]:
    """Turns an error of DuckDB into one that says where it happened."""
    try:
        yield
    except duckdb.Error as error:
        raise LakeError(str(error).strip(), where=where, remedy=remedy) from error


@dataclass(frozen=True, slots=True)
class Place:
    """A connection that finds `schema.table` in the lake; `alias` names the catalog it looks in."""

    connection: duckdb.DuckDBPyConnection
    alias: str


class Instance:
    """A DuckDB in memory. It lives until it is closed and the last result that reads from it is gone."""

    def __init__(self, catalog: Catalog, threads: int | None = None) -> None:
        self._catalog = catalog
        self._attached: set[str] = set()
        self._attaching = threading.Lock()
        with lake_errors("DuckDB"):
            self._root = duckdb.connect(config=_CONFIG)
            for name in _EXTENSIONS:
                _load(self._root, name)
            self._root.execute(f"SET GLOBAL temp_directory = {quoted_text(str(catalog.spill))}")
            self._root.execute("SET GLOBAL TimeZone = 'UTC'")
            if threads is not None:
                self._root.execute(f"SET GLOBAL threads = {threads:d}")

    @property
    def attachments(self) -> int:
        """How many snapshots are attached; each keeps a little memory."""
        return len(self._attached)

    def close(self) -> None:
        """Lets go of the database; results that are still being read keep it until they are done."""
        self._root.close()

    def now(self) -> Place:
        """The newest snapshot at the time of each query."""
        return self._place(LAKE, "READ_ONLY")

    def past(self, snapshot: int) -> Place:
        """One snapshot, whatever is committed later."""
        return self._place(f"lake_at_{snapshot:d}", "READ_ONLY", f"SNAPSHOT_VERSION {snapshot:d}")

    def writer(self) -> Place:
        """The lake to write to; whoever asks for it holds the lock."""
        return self._place(LAKE, "DATA_INLINING_ROW_LIMIT 0")

    def _place(self, alias: str, *options: str) -> Place:
        cursor = self._root.cursor()
        with self._attaching:
            if alias not in self._attached:
                cursor.execute(self._catalog.attach(alias, *options))
                self._attached.add(alias)
        cursor.execute(f"USE {alias}")
        return Place(cursor, alias)


def _load(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    """Loads an extension from its wheel, by path; where there is no wheel, from DuckDB's own repository."""
    package = f"duckdb_extension_{name}"
    if find_spec(package):
        path = files(package) / "extensions" / f"v{duckdb.__version__}" / f"{name}.duckdb_extension"
        if path.is_file():
            connection.execute(f"LOAD {quoted_text(str(path))}")
            return
    remedy = f"pip install {package.replace('_', '-')}=={duckdb.__version__}"
    with lake_errors(f"DuckDB extension {name}", remedy):
        connection.execute(f"INSTALL {name}")
        connection.execute(f"LOAD {name}")
