"""A student labels a file in bulk: streaming, on all cores, and where it was interrupted it goes on."""

import json
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import islice
from multiprocessing import get_context, parent_process
from pathlib import Path
from typing import Any

from synth_assets.core.errors import SynthError
from synth_assets.students.storage import TRANSFORMER, about, load, student_hash
from synth_assets.students.student import Student

_CHUNK_LINES = 2_000
_AHEAD = 2
_student: Student | None = None  # of a worker process: loaded once, when the process starts


@dataclass(frozen=True, slots=True)
class PredictionJob:
    """What is labelled by which student, and where the labelled lines go."""

    model: Path
    source: Path
    target: Path
    column: str = "text"


@dataclass(frozen=True, slots=True)
class Done:
    """How far it is: lines labelled, lines that could not be, and lines that an earlier call had done."""

    lines: int = 0
    faulty: int = 0
    earlier: int = 0


def usual_workers(model: Path) -> int:
    """One for each core; a GPU is best used by one alone."""
    if about(model)["kind"] == TRANSFORMER:
        from synth_assets.students.transformer import has_gpu

        if has_gpu():
            return 1
    return os.cpu_count() or 1


def predict(task: PredictionJob, workers: int, on_progress: Callable[[Done], None] = lambda _: None) -> Done:
    """Labels every line of the source, in its order; a line without a text says so in `error`.

    The target appears when all is done. Until then a part file grows beside it, which the next call continues.
    """
    about(task.model)
    if task.target.exists():
        raise SynthError("it is there already", where=str(task.target), remedy="name another file, or delete it")
    part, mark = (task.target.with_name(f"{task.target.name}.{end}") for end in ("part", "job"))
    earlier = _begun(part, mark, _job(task))
    done = Done(earlier=earlier)
    with task.source.open("rb") as lines, part.open("ab") as out:
        for _ in islice(lines, earlier):
            pass
        for answers, faulty in _labelled(task, _chunks(lines, earlier + 1), workers):
            out.write(answers)
            out.flush()
            done = Done(done.lines + answers.count(b"\n"), done.faulty + faulty, earlier)
            on_progress(done)
        os.fsync(out.fileno())
    part.replace(task.target)
    mark.unlink()
    return done


def _job(task: PredictionJob) -> str:
    """What a part file was made of: another student, file or column begins anew."""
    source = task.source.stat()
    told = [student_hash(task.model), str(task.source.resolve()), source.st_size, source.st_mtime_ns, task.column]
    return json.dumps(told)


def _begun(part: Path, mark: Path, job: str) -> int:
    """The lines that an earlier call has labelled; what was cut off in the middle of a line is dropped."""
    known = mark.read_text("utf-8") if mark.exists() else None
    if known != job:
        part.unlink(missing_ok=True)
        mark.parent.mkdir(parents=True, exist_ok=True)
        mark.write_text(job, "utf-8")
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
class Chunk:
    """Lines that are labelled together, and the number of the first in the file."""

    first: int
    lines: Sequence[bytes]


def _chunks(lines: Iterator[bytes], first: int) -> Iterator[Chunk]:
    while chunk := list(islice(lines, _CHUNK_LINES)):
        yield Chunk(first, chunk)
        first += len(chunk)


def _labelled(task: PredictionJob, chunks: Iterator[Chunk], workers: int) -> Iterator[tuple[bytes, int]]:
    if workers == 1:
        student = load(task.model)
        for chunk in chunks:
            yield answers_of(student, chunk, task)
        return
    with ProcessPoolExecutor(workers, get_context("spawn"), _start, (task.model,)) as pool:
        waiting = [pool.submit(_answer, chunk, task) for chunk in islice(chunks, _AHEAD * workers)]
        while waiting:
            yield waiting.pop(0).result()
            waiting += [pool.submit(_answer, chunk, task) for chunk in islice(chunks, 1)]


def _start(model: Path) -> None:
    global _student
    from threadpoolctl import threadpool_limits

    threading.Thread(target=_end_with_parent, daemon=True).start()
    _student = load(model)
    _student.probabilities(["."])  # what it calculates with is loaded now, and can be held to one thread
    threadpool_limits(1)


def _end_with_parent() -> None:
    """A worker whose parent was killed would wait for its next chunk for ever."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _answer(chunk: Chunk, task: PredictionJob) -> tuple[bytes, int]:
    assert _student is not None
    return answers_of(_student, chunk, task)


def answers_of(student: Student, chunk: Chunk, task: PredictionJob) -> tuple[bytes, int]:
    """The labelled lines of a chunk, and how many of them have no text to label; each of those by its number."""
    read = [_read(line, task.column) for line in chunk.lines]
    chances = iter(student.probabilities([row[task.column] for row, fault in read if not fault]))
    told = [
        _told(row, f"{task.source.name}:{number}: {fault}" if fault else "", student.labels, chances)
        for number, (row, fault) in enumerate(read, start=chunk.first)
    ]
    return "".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in told).encode("utf-8", "surrogatepass"), sum(
        bool(fault) for _, fault in read
    )


def _read(line: bytes, column: str) -> tuple[dict[str, Any], str]:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        return {}, f"the line is not JSON: {error}"
    if not isinstance(row, dict):
        return {}, f"the line is a JSON {type(row).__name__}, not an object"
    text = row.get(column)
    return row, "" if isinstance(text, str) and text.strip() else f'there is no text in "{column}"'


def _told(row: dict[str, Any], fault: str, labels: Sequence[str], chances: Iterator[Any]) -> dict[str, Any]:
    if fault:
        return {**row, "label": None, "confidence": None, "error": fault}
    likely = next(chances)
    best = int(likely.argmax())
    return {**row, "label": labels[best], "confidence": round(float(likely[best]), 6)}
