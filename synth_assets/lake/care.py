"""Lets old snapshots of the lake expire, and deletes files that nothing refers to any more."""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from duckdb import DuckDBPyConnection

from synth_assets.lake.catalog import Catalog
from synth_assets.lake.instance import LAKE
from synth_assets.lake.staging_session import live_sessions, session_of


@dataclass(frozen=True, slots=True)
class CareReport:
    """What care did: the tables whose files it compacted, and what it deleted."""

    compacted: tuple[str, ...] = ()
    snapshots_expired: int = 0
    files_deleted: int = 0
    orphans_deleted: int = 0
    bytes_freed: int = 0


def expire_snapshots(connection: DuckDBPyConnection, keep: Iterable[int], older_than_s: float) -> int:
    """Let old snapshots expire, except those to keep and the newest, and return how many. The caller holds the lock."""
    to_keep = {int(snapshot) for snapshot in keep}
    sql = (
        f"SELECT snapshot_id FROM ducklake_snapshots('{LAKE}') WHERE snapshot_time < {_ago(older_than_s)}"
        f" AND snapshot_id < (SELECT id FROM ducklake_current_snapshot('{LAKE}')) ORDER BY 1"
    )
    old = [row[0] for row in connection.execute(sql).fetchall() if row[0] not in to_keep]
    if old:
        connection.execute(f"CALL ducklake_expire_snapshots('{LAKE}', versions => {old})")
    return len(old)


def delete_expired_files(connection: DuckDBPyConnection, older_than_s: float) -> tuple[int, int]:
    """Delete the files that only expired snapshots had, some time after those expired; return their number and size."""
    # Only ever with older_than: cleanup_all would take the files that other processes are about to commit.
    call = f"ducklake_cleanup_old_files('{LAKE}', older_than => {_ago(older_than_s)}"
    expired = [Path(str(row[0])) for row in connection.execute(f"CALL {call}, dry_run => true)").fetchall()]
    size = sum(path.stat().st_size for path in expired if path.is_file())
    connection.execute(f"CALL {call})")
    return len(expired), size


def delete_orphans(catalog: Catalog, connection: DuckDBPyConnection, older_than_s: float) -> tuple[int, int]:
    """Delete what ended processes staged and never committed; return the number of files and their size."""
    # In this order: a file that was there before its session was found dead will never be committed, and if it was
    # committed before, the catalog, asked last, knows it.
    files = list(catalog.data.rglob("*.parquet"))
    live = live_sessions(catalog.sessions)
    known = _known_files(connection)
    count = size = 0
    for path in files:
        if path.name in known or session_of(path) in live:
            continue
        try:
            status = path.stat()
            if session_of(path) or time.time() - status.st_mtime > older_than_s:
                path.unlink()
                count, size = count + 1, size + status.st_size
        except FileNotFoundError:  # somebody else took care of it
            continue
    return count, size


def _known_files(connection: DuckDBPyConnection) -> set[str]:
    """Return the names of all files the catalog refers to, those waiting for deletion included."""
    catalog = f"__ducklake_metadata_{LAKE}"
    tables = ("ducklake_data_file", "ducklake_delete_file", "ducklake_files_scheduled_for_deletion")
    sql = " UNION ALL ".join(f"SELECT path FROM {catalog}.{table}" for table in tables)
    return {Path(str(row[0])).name for row in connection.execute(sql).fetchall()}


def _ago(age_s: float) -> str:
    moment = datetime.fromtimestamp(time.time() - age_s, UTC)
    return f"TIMESTAMPTZ '{moment.isoformat()}'"
