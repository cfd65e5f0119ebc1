"""Where a lake keeps its catalog and its files, how DuckDB attaches it, and the lock that every writer holds."""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from synth_assets.core.errors import LakeError
from synth_assets.lake.file_lock import hold_lock
from synth_assets.lake.names import quoted_text
from synth_assets.settings import Settings


class Catalog(Protocol):
    """What the rest of the lake knows of the place it is kept in."""

    @property
    def data(self) -> Path:
        """The folder of the tables' files."""

    @property
    def sessions(self) -> Path:
        """The folder of the marks that tell which processes are still staging files."""

    @property
    def spill(self) -> Path:
        """The folder DuckDB may use when a query outgrows the memory."""

    def attach(self, alias: str, *options: str) -> str:
        """The statement that attaches the lake under a name."""

    def lock(self) -> AbstractContextManager[object]:
        """Holds off every other writer, in all processes, while the block runs."""


@dataclass(frozen=True, slots=True)
class LocalCatalog:
    """A SQLite file in WAL mode, Parquet files beside it, and a file lock.

    Nothing but DuckDB may open that file in a process that uses the lake: two SQLite libraries in one process
    undo each other's locks.
    """

    folder: Path
    data: Path

    @property
    def sessions(self) -> Path:
        return self.folder / "sessions"

    @property
    def spill(self) -> Path:
        return self.folder / "spill"

    def attach(self, alias: str, *options: str) -> str:
        # The path in force is always this one: the folder may have been moved, or mounted elsewhere.
        told = ["OVERRIDE_DATA_PATH true", "META_JOURNAL_MODE 'WAL'", "META_BUSY_TIMEOUT 30000", *options]
        where = quoted_text(f"ducklake:sqlite:{self.folder / 'catalog.sqlite'}")
        return f"ATTACH {where} AS {alias} (DATA_PATH {quoted_text(f'{self.data}/')}, {', '.join(told)})"

    def lock(self) -> AbstractContextManager[object]:
        return hold_lock(self.folder / "catalog.lock")


def catalog_of(settings: Settings) -> LocalCatalog:
    """The catalog that the settings name, its folders made."""
    for name, value in (("SYNTH_LAKE", settings.lake), ("SYNTH_LAKE_DATA", settings.lake_data)):
        if value and (name == "SYNTH_LAKE" or "://" in value):
            raise LakeError(
                f"{value.partition(':')[0]} is not supported yet: the lake is a local folder",
                where=name,
                remedy=f"unset {name}",
            )
    folder = settings.home / "lake"
    data = Path(settings.lake_data).resolve() if settings.lake_data else folder / "data"
    for path in (folder, data):
        if "{" in str(path) or "}" in str(path):
            raise LakeError("a lake's path must not hold braces", where=str(path), remedy="set SYNTH_HOME elsewhere")
    catalog = LocalCatalog(folder, data)
    try:
        for path in (folder, data, catalog.sessions):
            path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise LakeError(f"the lake's folder cannot be made: {error}", where=str(folder)) from error
    return catalog
