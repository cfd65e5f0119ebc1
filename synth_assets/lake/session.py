"""The mark a process leaves while it stages files, so that no other takes them for leftovers."""

import itertools
import os
import re
import threading
import uuid
from pathlib import Path

from synth_assets.lake.catalog import Catalog
from synth_assets.lake.file_lock import try_lock
from synth_assets.lake.names import table_parts

_MARK = ".lock"
_STAGED = re.compile(r"([0-9a-f]{16})-\d{6,}\.parquet")


class StagingSession:
    """Names the files that one lake stages, and holds a lock for as long as it may commit them."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._id = uuid.uuid4().hex[:16]
        self._serials = itertools.count(1)
        self._mark: int | None = None
        self._marking = threading.Lock()

    def new_path(self, table: str) -> Path:
        """Where the next file of a table goes. The mark is there before the first file is."""
        with self._marking:
            if self._mark is None:
                self._mark = try_lock(self._mark_path)
            serial = next(self._serials)
        schema, name = table_parts(table)
        return self._catalog.data / schema / name / f"{self._id}-{serial:06d}.parquet"

    def close(self) -> None:
        """Gives up what was staged and not committed."""
        with self._marking:
            if self._mark is not None:
                self._mark_path.unlink(missing_ok=True)
                os.close(self._mark)
                self._mark = None

    @property
    def _mark_path(self) -> Path:
        return self._catalog.sessions / f"{self._id}{_MARK}"


def living_sessions(folder: Path) -> set[str]:
    """The sessions that may still commit files; the marks of the others are swept away."""
    living = set()
    for path in folder.glob(f"*{_MARK}"):
        mark = try_lock(path)
        if mark is None:
            living.add(path.name.removesuffix(_MARK))
        else:
            path.unlink(missing_ok=True)
            os.close(mark)
    return living


def session_of(path: Path) -> str | None:
    """The session that staged a file; None where it was not staged by one."""
    found = _STAGED.fullmatch(path.name)
    return found[1] if found else None
