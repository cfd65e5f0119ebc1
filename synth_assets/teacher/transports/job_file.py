"""A record of each batch job that this machine submitted, so that it's found again after a crash."""

import json
import os
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

from synth_assets.core.file_lock import lock_file, try_lock_file


class JobFile:
    """The tag of a job and the keys of the calls in it, on disk before the job is made.

    The process that waits for the job holds a lock on the file. A file without a lock has lost its process.
    """

    def __init__(self, path: Path, file: IO[str], keys: frozenset[str]) -> None:
        self.path = path
        self.tag = path.stem
        self.keys = keys
        self._file = file

    @classmethod
    def write(cls, folder: Path, target: Sequence[str], keys: frozenset[str]) -> "JobFile":
        """Write a new file, synced to disk."""
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{uuid.uuid4().hex}.json"
        file = path.open("x", encoding="utf-8")
        lock_file(file)
        json.dump({"target": list(target), "keys": sorted(keys)}, file)
        file.flush()
        os.fsync(file.fileno())
        return cls(path, file, keys)

    def release(self) -> None:
        """Unlock the file for another process."""
        self._file.close()

    def drop(self) -> None:
        """Delete the file: the job's answers are safe."""
        self.path.unlink(missing_ok=True)
        self._file.close()


def orphans(folder: Path, target: Sequence[str]) -> Iterator[JobFile]:
    """Yield the files of jobs for that target whose process is gone, locked for this one."""
    for path in sorted(folder.glob("*.json")) if folder.is_dir() else ():
        try:
            file = path.open("r+", encoding="utf-8")
        except FileNotFoundError:
            continue
        if not try_lock_file(file):
            file.close()
            continue
        try:
            known = json.load(file)
        except ValueError:  # it died while writing: no job was made
            JobFile(path, file, frozenset()).drop()
            continue
        if known["target"] == list(target):
            yield JobFile(path, file, frozenset(known["keys"]))
        else:
            file.close()
