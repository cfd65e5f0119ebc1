"""Publishes the lake as one plain DuckDB file, for a BI tool or another version of DuckDB."""

from dataclasses import dataclass
from pathlib import Path

from duckdb import DuckDBPyConnection

from synth_assets.core.errors import LakeError
from synth_assets.core.file_lock import hold_lock
from synth_assets.lake.instance import LAKE, lake_errors
from synth_assets.lake.names import quoted_table, quoted_text

# What DuckDB 1.0 and everything since can open.
_STORAGE_VERSION = "v1.0.0"
_ALIAS = "published"


@dataclass(frozen=True, slots=True)
class PublishReport:
    """What was published, and as of which snapshot."""

    path: Path
    snapshot: int
    tables: tuple[str, ...]
    rows: int
    bytes: int


def publish(connection: DuckDBPyConnection, snapshot: int, tables: list[str], path: Path) -> PublishReport:
    """Copy a snapshot to a draft next to the file, which then replaces it; who has the old one open keeps it."""
    draft = path.with_name(f".{path.name}.draft")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with hold_lock(path.with_name(f".{path.name}.lock")), lake_errors(str(path)):
            _remove(draft)
            rows = _copy(connection, draft, tables)
            size = draft.stat().st_size
            _remove(path.with_name(f"{path.name}.wal"))  # of the file that goes; it would not fit the new one
            draft.replace(path)
    except OSError as error:
        raise LakeError(f"the file cannot be written: {error}", where=str(path)) from error
    return PublishReport(path, snapshot, tuple(tables), rows, size)


def _copy(connection: DuckDBPyConnection, draft: Path, tables: list[str]) -> int:
    connection.execute(f"ATTACH {quoted_text(str(draft))} AS {_ALIAS} (STORAGE_VERSION '{_STORAGE_VERSION}')")
    try:
        connection.execute(f"COPY FROM DATABASE {LAKE} TO {_ALIAS}")
        counts = [
            connection.execute(f"SELECT count(*) FROM {_ALIAS}.{quoted_table(table)}").fetchall()[0][0]
            for table in tables
        ]
    finally:
        connection.execute(f"DETACH {_ALIAS}")
    return sum(counts)


def _remove(path: Path) -> None:
    path.unlink(missing_ok=True)
    path.with_name(f"{path.name}.wal").unlink(missing_ok=True)
