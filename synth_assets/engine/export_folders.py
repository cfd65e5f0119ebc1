"""Manages the folders of exports: each has its own, and `current` points at the newest that was committed."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from synth_assets.core.errors import ConflictError, ContractError
from synth_assets.engine.job import Job

CURRENT = "current"


@contextmanager
def new_folder(exports: Path, job: Job) -> Iterator[Path]:
    """Provide an empty folder for one export; it is removed again if the writing fails."""
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")
    folder = exports / job.schema / job.stage / f"{stamp}-{job.run_id[-6:]}"
    folder.mkdir(parents=True)
    try:
        yield folder
    except BaseException:
        shutil.rmtree(folder)
        raise


@contextmanager
def remove_if_refused(folder: Path) -> Iterator[None]:
    """Removes a folder whose commit was refused. After any other error it may be committed: care will know."""
    try:
        yield
    except (ContractError, ConflictError):
        shutil.rmtree(folder)
        raise


def make_current(folder: Path) -> None:
    """Points `current` at a committed export, in one step; one without files leaves no folder."""
    if not any(folder.iterdir()):
        folder.rmdir()
        with suppress(OSError):  # there are other exports in it
            folder.parent.rmdir()
        return
    link = folder.parent / f".{CURRENT}-{folder.name}"
    link.symlink_to(folder.name)
    link.replace(folder.parent / CURRENT)


def relocate(folder: Path | str, exports: Path) -> Path:
    """Return the folder that a commit tells of, wherever the home has been moved since."""
    return exports.joinpath(*Path(folder).parts[-3:])


def find_orphans(exports: Path, committed: set[str], older_than_s: float) -> Iterator[Path]:
    """Yield the folders of exports that no commit speaks of, left by processes that were killed."""
    now = datetime.now(UTC).timestamp()
    for folder in sorted(exports.glob("*/*/*")) if exports.is_dir() else []:
        is_old = now - folder.lstat().st_mtime >= older_than_s
        if folder.is_dir() and not folder.is_symlink() and str(folder) not in committed and is_old:
            yield folder
