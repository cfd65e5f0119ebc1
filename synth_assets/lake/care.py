"""Care of the lake's snapshots and files: old ones expire, what nobody refers to any more is deleted."""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from duckdb import DuckDBPyConnection

from synth_assets.lake.catalog import Catalog
from synth_assets.lake.instance import LAKE
from synth_assets.lake.session import living_sessions, session_of


@dataclass(frozen=True, slots=True)
class CareReport:
    """What care did: the partitions whose files were made one, and what is gone."""

    compacted: tuple[str, ...] = ()
    snapshots_expired: int = 0
    files_deleted: int = 0
    orphans_deleted: int = 0
    bytes_freed: int = 0


def expire(connection: DuckDBPyConnection, keep: Iterable[int], older_than_s: float) -> int:
    """Lets snapshots expire that are old, except those to keep and the newest; how many. Needs the lock."""
    kept = {int(snapshot) for snapshot in keep}
    sql = (
        f"SELECT snapshot_id FROM ducklake_snapshots('{LAKE}') WHERE snapshot_time < {_before(older_than_s)}"
        f" AND snapshot_id < (SELECT id FROM ducklake_current_snapshot('{LAKE}')) ORDER BY 1"
    )
    old = [row[0] for row in connection.execute(sql).fetchall() if row[0] not in kept]
    if old:
        connection.execute(f"CALL ducklake_expire_snapshots('{LAKE}', versions => {old})")
    return len(old)


def delete_expired(connection: DuckDBPyConnection, older_than_s: float) -> tuple[int, int]:
    """Deletes the files that only expired snapshots had, some time after those expired; how many, how big."""
    # Only ever with older_than: cleanup_all would take the files that other processes are about to commit.
    call = f"ducklake_cleanup_old_files('{LAKE}', older_than => {_before(older_than_s)}"
    doomed = [Path(str(row[0])) for row in connection.execute(f"CALL {call}, dry_run => true)").fetchall()]
    size = sum(path.stat().st_size for path in doomed if path.is_file())
    connection.execute(f"CALL {call})")
    return len(doomed), size


def delete_orphans(catalog: Catalog, connection: DuckDBPyConnection, older_than_s: float) -> tuple[int, int]:
    """Deletes what processes that are gone had staged and never committed; how many files, how big."""
    # In this order: a file that was there before its session was found dead will never be committed, and if it was
    # committed before, the catalog, asked last, knows it.
    there = list(catalog.data.rglob("*.parquet"))
    living = living_sessions(catalog.sessions)
    known = _known_files(connection)
    count = size = 0
    for path in there:
        if path.name in known or session_of(path) in living:
            continue
        try:
            found = path.stat()
            if session_of(path) or time.time() - found.st_mtime > older_than_s:
                path.unlink()
                count, size = count + 1, size + found.st_size
        except FileNotFoundError:  # somebody else took care of it
            continue
    return count, size


def _known_files(connection: DuckDBPyConnection) -> set[str]:
    """The names of all files the catalog refers to, those waiting for deletion included."""
    catalog = f"__ducklake_metadata_{LAKE}"
    tables = ("ducklake_data_file", "ducklake_delete_file", "ducklake_files_scheduled_for_deletion")
    sql = " UNION ALL ".join(f"SELECT path FROM {catalog}.{table}" for table in tables)
    return {Path(str(row[0])).name for row in connection.execute(sql).fetchall()}


def _before(age_s: float) -> str:
    moment = datetime.fromtimestamp(time.time() - age_s, UTC)
    return f"TIMESTAMPTZ '{moment.isoformat()}'"
