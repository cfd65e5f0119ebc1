"""The journal: a reply is on disk within 50 ms of its arrival, and outlives the process that bought it.

A process appends to segments of its own and holds a lock on each. A segment without a lock has lost its process;
whoever starts next takes it up.
"""

import json
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import IO

from synth_assets.core.file_lock import lock_file, try_lock_file
from synth_assets.engine.ledger.call_record import Record

GROUP_S = 0.02


class Journal:
    """The segments of one run. `append` returns at once; a thread of its own writes in groups."""

    def __init__(self, folder: Path, run_id: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder, self._run_id = folder, run_id
        self._serial = 0
        self._waiting: list[Record] = []
        self._records: list[Record] = []
        self._lock = threading.Lock()
        self._writing = threading.Lock()
        self._stop = threading.Event()
        self._wake = threading.Event()
        self._fault: OSError | None = None
        self._segment = self._open_segment()
        self._thread = threading.Thread(target=self._write_groups, name="journal", daemon=True)
        self._thread.start()

    def append(self, record: Record) -> None:
        """Queues a record; it is on disk within a group's time. Raises what kept earlier ones from it."""
        if self._fault is not None:
            raise self._fault
        with self._lock:
            self._waiting.append(record)
        if not self._wake.is_set():
            self._wake.set()

    def rotate(self) -> tuple[Path, IO[str], list[Record]]:
        """Closes the segment, whose records these are, and opens another; the caller deletes the old with `drop`."""
        with self._writing:
            self._write_waiting()
            closed, records = self._segment, self._records
            self._segment, self._records = self._open_segment(), []
        return Path(closed.name), closed, records

    def close(self) -> None:
        """Writes what waits and ends the thread. The last segment stays until it is rotated and dropped."""
        self._stop.set()
        self._wake.set()
        self._thread.join()
        with self._writing:
            self._write_waiting()
            path = Path(self._segment.name)
            empty = path.stat().st_size == 0
            if empty:
                path.unlink()
            self._segment.close()

    def __enter__(self) -> "Journal":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _open_segment(self) -> IO[str]:
        self._serial += 1
        path = self._folder / f"{self._run_id}-{os.getpid()}-{self._serial:06d}.jsonl"
        segment = path.open("x", encoding="utf-8")
        lock_file(segment)
        return segment

    def _write_groups(self) -> None:
        while not self._stop.is_set():
            self._wake.wait()
            self._stop.wait(GROUP_S)
            self._wake.clear()
            try:
                with self._writing:
                    self._write_waiting()
            except OSError as error:
                self._fault = error
                return

    def _write_waiting(self) -> None:
        with self._lock:
            group, self._waiting = self._waiting, []
        if group:
            self._records += group  # also where the disk is full: the lake may lie on another
            self._segment.write("".join(f"{json.dumps(record, ensure_ascii=True)}\n" for record in group))
            self._segment.flush()
            os.fsync(self._segment.fileno())


def drop_segment(path: Path, segment: IO[str]) -> None:
    """Deletes a segment whose records are in the ledger."""
    path.unlink(missing_ok=True)
    segment.close()


def orphaned_segments(folder: Path) -> Iterator[tuple[Path, IO[str]]]:
    """Yield the segments whose process is gone, each locked for the caller, who drops it once its records are safe."""
    for path in sorted(folder.glob("*.jsonl")) if folder.is_dir() else []:
        try:
            segment = path.open("r+", encoding="utf-8")
        except FileNotFoundError:
            continue
        if try_lock_file(segment) and path.exists():
            yield path, segment
        else:
            segment.close()


def read_segment(path: Path) -> list[Record]:
    """The records of a segment. The last line may be torn by the end of its process; it was never acknowledged."""
    with path.open("rb") as lines:
        return [json.loads(line) for line in lines if line.endswith(b"\n")]
