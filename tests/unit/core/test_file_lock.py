"""A lock on a file keeps other processes out, and ends with the process that holds it."""

import os
import subprocess
import sys

from synth_assets.core.file_lock import hold_lock, lock_file, try_lock, try_lock_file

HOLDER = """
import sys, time
from pathlib import Path
from synth_assets.core.file_lock import hold_lock
with hold_lock(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_lock_that_is_held_is_not_given_twice(tmp_path):
    path = tmp_path / "lock"
    with hold_lock(path):
        assert try_lock(path) is None
    file = try_lock(path)
    assert file is not None
    os.close(file)


def test_a_lock_ends_with_the_process_that_was_killed(tmp_path):
    path = tmp_path / "lock"
    with subprocess.Popen([sys.executable, "-c", HOLDER, str(path)], stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        assert try_lock(path) is None
        holder.kill()
    with hold_lock(path):
        pass


def test_a_file_that_is_written_to_can_hold_its_own_lock(tmp_path):
    path = tmp_path / "segment"
    with path.open("x") as first, path.open("r+") as second:
        lock_file(first)
        assert not try_lock_file(second)
        first.close()
        assert try_lock_file(second)
