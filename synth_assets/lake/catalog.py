"""Where a lake keeps its catalog and its files, how DuckDB attaches it, and the lock that every writer holds."""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from synth_assets.core.errors import LakeError
from synth_assets.core.file_lock import hold_lock
from synth_assets.lake.names import quoted_text
from synth_assets.settings import Settings


@dataclass(frozen=True, slots=True)
class Catalog:
    """A SQLite file in WAL mode, Parquet files next to it, and a file lock.

    Nothing but DuckDB may open that file in a process that uses the lake: two SQLite libraries in one process
    undo each other's locks.
    """

    folder: Path

    @property
    def data(self) -> Path:
        """Return the folder of the tables' files."""
        return self.folder / "data"

    @property
    def sessions(self) -> Path:
        """Return the folder of the lock files that tell which processes are still staging files."""
        return self.folder / "sessions"

    @property
    def spill(self) -> Path:
        """Return the folder DuckDB may use when a query outgrows the memory."""
        return self.folder / "spill"

    def attach(self, alias: str, *options: str) -> str:
        """Return the statement that attaches the lake under a name."""
        # The catalog remembers a path, which is overridden: the folder may have been moved, or mounted elsewhere.
        # In WAL mode, readers go on while a process writes.
        all_options = [
            f"DATA_PATH {quoted_text(f'{self.data}/')}",
            "OVERRIDE_DATA_PATH true",
            "META_JOURNAL_MODE 'WAL'",
            "META_BUSY_TIMEOUT 30000",
            *options,
        ]
        source = quoted_text(f"ducklake:sqlite:{self.folder / 'catalog.sqlite'}")
        return f"ATTACH {source} AS {alias} ({', '.join(all_options)})"

    def lock(self) -> AbstractContextManager[object]:
        """Hold off every other writer, in all processes, while the block runs.

        All that writes needs it: commits, DDL, care and the first attach of all. DuckLake's conflicts are per table,
        its retries do not cover SQLite, and two first attaches race. Readers attach READ_ONLY and take no lock.
        """
        return hold_lock(self.folder / "catalog.lock")


def open_catalog(settings: Settings) -> Catalog:
    """Return the catalog of the settings' home, its folders made."""
    catalog = Catalog(settings.home / "lake")
    # DuckLake would take a {WORD} in a path for one of its tokens.
    if "{" in str(catalog.folder) or "}" in str(catalog.folder):
        raise LakeError(
            "a lake's path must not hold braces", where=str(catalog.folder), remedy="set SYNTH_HOME elsewhere"
        )
    try:
        for path in (catalog.folder, catalog.data, catalog.sessions):
            path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise LakeError(f"the lake's folder cannot be made: {error}", where=str(catalog.folder)) from error
    return catalog
