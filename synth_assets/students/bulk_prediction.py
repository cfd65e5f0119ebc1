"""Labels a file with a student: streaming, on all cores, and going on where it was interrupted."""

import json
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import islice
from multiprocessing import get_context, parent_process
from pathlib import Path
from typing import TYPE_CHECKING, Any

from synth_assets.core.errors import SynthError
from synth_assets.students.storage import TRANSFORMER, load, load_description, student_hash
from synth_assets.students.student import Student

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_CHUNK_LINES = 2_000
_AHEAD = 2
_student: Student | None = None  # of a worker process: loaded once, when the process starts


@dataclass(frozen=True, slots=True)
class PredictionJob:
    """The student, the file to label, where the labelled lines go, and the column of the texts."""

    model: Path
    source: Path
    target: Path
    column: str = "text"


@dataclass(frozen=True, slots=True)
class Progress:
    """The progress: lines written, those of them that could not be labelled, and lines that an earlier call wrote."""

    lines: int = 0
    faulty: int = 0
    earlier: int = 0


def usual_workers(model: Path) -> int:
    """Return a worker for each core, but one alone for a GPU."""
    if load_description(model)["kind"] == TRANSFORMER:
        from synth_assets.students.transformer import has_gpu

        if has_gpu():
            return 1
    return os.cpu_count() or 1


def predict(job: PredictionJob, workers: int, on_progress: Callable[[Progress], None] = lambda _: None) -> Progress:
    """Label every line of the source, in its order; a line without a text says so in `error`.

    The target appears when all is done. Until then a part file grows beside it, which the next call continues.
    """
    load_description(job.model)
    if job.target.exists():
        raise SynthError("it is there already", where=str(job.target), remedy="name another file, or delete it")
    part, job_file = (job.target.with_name(f"{job.target.name}.{end}") for end in ("part", "job"))
    earlier = _resume(part, job_file, _describe(job))
    progress = Progress(earlier=earlier)
    with job.source.open("rb") as lines, part.open("ab") as out:
        for _ in islice(lines, earlier):
            pass
        for answers, faulty in _label(job, _chunks(lines, earlier + 1), workers):
            out.write(answers)
            out.flush()
            progress = Progress(progress.lines + answers.count(b"\n"), progress.faulty + faulty, earlier)
            on_progress(progress)
        os.fsync(out.fileno())
    part.replace(job.target)
    job_file.unlink()
    return progress


def _describe(job: PredictionJob) -> str:
    """Describe what a part file is made of: another student, file or column starts it again."""
    source = job.source.stat()
    parts = [student_hash(job.model), str(job.source.resolve()), source.st_size, source.st_mtime_ns, job.column]
    return json.dumps(parts)


def _resume(part: Path, job_file: Path, description: str) -> int:
    """Return how many lines an earlier call has labelled; a line that was cut off in the middle is dropped."""
    earlier = job_file.read_text("utf-8") if job_file.exists() else None
    if earlier != description:
        part.unlink(missing_ok=True)
        job_file.parent.mkdir(parents=True, exist_ok=True)
        job_file.write_text(description, "utf-8")
    if not part.exists():
        return 0
    lines = size = 0
    with part.open("r+b") as file:
        for line in file:
            if line.endswith(b"\n"):
                lines, size = lines + 1, size + len(line)
        file.truncate(size)
    return lines


@dataclass(frozen=True, slots=True)
class _Chunk:
    """Lines to label together, and the number of the first in the file."""

    first: int
    lines: Sequence[bytes]


def _chunks(lines: Iterator[bytes], first: int) -> Iterator[_Chunk]:
    while chunk := list(islice(lines, _CHUNK_LINES)):
        yield _Chunk(first, chunk)
        first += len(chunk)


def _label(job: PredictionJob, chunks: Iterator[_Chunk], workers: int) -> Iterator[tuple[bytes, int]]:
    if workers == 1:
        student = load(job.model)
        for chunk in chunks:
            yield _label_chunk(student, chunk, job)
        return
    with ProcessPoolExecutor(workers, get_context("spawn"), _start_worker, (job.model,)) as pool:
        waiting = [pool.submit(_label_in_worker, chunk, job) for chunk in islice(chunks, _AHEAD * workers)]
        while waiting:
            yield waiting.pop(0).result()
            waiting += [pool.submit(_label_in_worker, chunk, job) for chunk in islice(chunks, 1)]


def _start_worker(model: Path) -> None:
    global _student
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _student = load(model)
    _student.probabilities(["."])  # loads the libraries that it calculates with, whose threads are limited later


def _end_with_parent() -> None:
    """End this process with its parent: if that is killed, a worker would wait for its next chunk for ever."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _label_in_worker(chunk: _Chunk, job: PredictionJob) -> tuple[bytes, int]:
    from threadpoolctl import threadpool_limits

    assert _student is not None
    with threadpool_limits(1):  # there is a worker for each core
        return _label_chunk(_student, chunk, job)


def _label_chunk(student: Student, chunk: _Chunk, job: PredictionJob) -> tuple[bytes, int]:
    """Return the labelled lines of a chunk, and how many of them have no text to label."""
    rows = [_parse(line, job.column) for line in chunk.lines]
    probabilities = iter(student.probabilities([row[job.column] for row, fault in rows if not fault]))
    answers = [
        _answer(row, f"{job.source.name}:{number}: {fault}" if fault else "", student.labels, probabilities)
        for number, (row, fault) in enumerate(rows, start=chunk.first)
    ]
    lines = "".join(f"{json.dumps(answer, ensure_ascii=False)}\n" for answer in answers)
    return lines.encode("utf-8", "surrogatepass"), sum(bool(fault) for _, fault in rows)


def _parse(line: bytes, column: str) -> tuple[dict[str, Any], str]:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        return {}, f"the line is not JSON: {error}"
    if not isinstance(row, dict):
        return {}, f"the line is a JSON {type(row).__name__}, not an object"
    text = row.get(column)
    return row, "" if isinstance(text, str) and text.strip() else f'there is no text in "{column}"'


def _answer(
    row: dict[str, Any], fault: str, labels: Sequence[str], probabilities: "Iterator[NDArray[np.float64]]"
) -> dict[str, Any]:
    if fault:
        return {**row, "label": None, "confidence": None, "error": fault}
    chances = next(probabilities)
    best = int(chances.argmax())
    return {**row, "label": labels[best], "confidence": round(float(chances[best]), 6)}
