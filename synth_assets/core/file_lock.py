"""Locks between processes, by flock on a file.

The `filelock` package is not used: it tries again every 50 ms, which is longer than a commit to the lake takes and fair
to nobody, and it locks a file of its own where the journal needs the lock on the very segment that it writes to. Here a
process waits in the kernel, and a lock goes with the process that held it.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO


@contextmanager
def hold_lock(path: Path) -> Iterator[int]:
    """Wait for the lock and hold it while the block runs, which is given the open file."""
    file = _open(path)
    try:
        lock_file(file)
        yield file
    finally:
        os.close(file)


def try_lock(path: Path) -> int | None:
    """Take the lock if it is free: an open file that holds it until it is closed; None where it is not free."""
    file = _open(path)
    if try_lock_file(file):
        return file
    os.close(file)
    return None


def lock_file(file: IO[str] | int) -> None:
    """Wait for the lock of an open file, which holds it until it is closed."""
    fcntl.flock(file, fcntl.LOCK_EX)


def try_lock_file(file: IO[str] | int) -> bool:
    """Take the lock of an open file if it is free, and return whether it was."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _open(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
