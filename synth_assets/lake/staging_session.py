"""Names the files a process stages, and keeps other processes from deleting them as leftovers.

A session has a lock file, which its process holds for as long as it may commit what it staged.
"""

import itertools
import os
import re
import threading
import uuid
from pathlib import Path

from synth_assets.core.file_lock import try_lock
from synth_assets.lake.catalog import Catalog
from synth_assets.lake.names import table_parts

_LOCK_SUFFIX = ".lock"
_STAGED_FILE = re.compile(r"([0-9a-f]{16})-\d{6,}\.parquet")


class StagingSession:
    """The files that one lake stages, and the lock that says it may still commit them."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._id = uuid.uuid4().hex[:16]
        self._serials = itertools.count(1)
        self._lock: int | None = None
        self._locking = threading.Lock()

    def new_path(self, table: str) -> Path:
        """Return where the next file of a table goes. The session is locked before its first file exists."""
        with self._locking:
            if self._lock is None:
                self._lock = try_lock(self._lock_path)
            serial = next(self._serials)
        schema, name = table_parts(table)
        return self._catalog.data / schema / name / f"{self._id}-{serial:06d}.parquet"

    def close(self) -> None:
        """Give up what was staged and not committed."""
        with self._locking:
            if self._lock is not None:
                self._lock_path.unlink(missing_ok=True)
                os.close(self._lock)
                self._lock = None

    @property
    def _lock_path(self) -> Path:
        return self._catalog.sessions / f"{self._id}{_LOCK_SUFFIX}"


def live_sessions(folder: Path) -> set[str]:
    """Return the sessions that may still commit files, and delete the lock files of the others."""
    live = set()
    for path in folder.glob(f"*{_LOCK_SUFFIX}"):
        lock = try_lock(path)
        if lock is None:
            live.add(path.name.removesuffix(_LOCK_SUFFIX))
        else:
            path.unlink(missing_ok=True)
            os.close(lock)
    return live


def session_of(path: Path) -> str | None:
    """Return the session that staged a file; None where it was not staged by one."""
    match = _STAGED_FILE.fullmatch(path.name)
    return match[1] if match else None
