"""`synth predict` in bulk: every line has its answer, in order, and an interrupted file goes on where it was."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from synth_assets.core.errors import SynthError
from synth_assets.students import bulk_prediction as bulk
from synth_assets.students.bulk_prediction import PredictionJob, Progress, predict
from synth_assets.students.storage import NGRAMS, save, save_description
from synth_assets.students.student import TrainingExamples, train

TEXTS = [f"{'good' if n % 2 else 'bad'} news number {n}" for n in range(40)]


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("model")
    labels = ["good" if n % 2 else "bad" for n in range(40)]
    student = train(TrainingExamples(TEXTS, labels, [{label: 1.0} for label in labels])).student
    save(student, folder)
    save_description(folder, NGRAMS, student.labels, {})
    return folder


@pytest.fixture
def task(model, tmp_path) -> PredictionJob:
    lines = [json.dumps({"id": n, "text": text}) for n, text in enumerate(TEXTS)]
    lines[3], lines[5], lines[7] = "broken", '{"id": 5}', '["a list"]'
    (tmp_path / "in.jsonl").write_text("\n".join(lines))
    return PredictionJob(model, tmp_path / "in.jsonl", tmp_path / "out.jsonl")


def _rows(task: PredictionJob):
    return [json.loads(line) for line in task.target.read_text().splitlines()]


@pytest.mark.parametrize("workers", [1, 2])
def test_each_line_has_its_answer_in_order(task, workers, monkeypatch):
    monkeypatch.setattr(bulk, "_CHUNK_LINES", 7)
    assert predict(task, workers) == Progress(40, 3, 0)
    rows = _rows(task)
    assert [row.get("id") for row in rows] == [None if n in (3, 7) else n for n in range(40)]
    assert all(row["label"] == ("good" if n % 2 else "bad") for n, row in enumerate(rows) if n not in (3, 5, 7))
    assert [bool(row.get("error")) for row in rows] == [n in (3, 5, 7) for n in range(40)]
    assert rows[5]["error"] == 'in.jsonl:6: there is no text in "text"'
    assert rows[7]["error"].startswith("in.jsonl:8: the line is a JSON list")
    assert [path.name for path in task.target.parent.iterdir() if path.name.startswith("out")] == ["out.jsonl"]


def test_what_was_done_is_not_done_again(task, monkeypatch):
    monkeypatch.setattr(bulk, "_CHUNK_LINES", 7)
    predict(task, 1)
    whole = task.target.read_bytes()
    task.target.unlink()

    def stop_after_two_chunks(progress: Progress) -> None:
        if progress.lines == 14:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        predict(task, 1, stop_after_two_chunks)
    part = task.target.with_name("out.jsonl.part")
    part.write_bytes(part.read_bytes() + b'{"id": 14, "te')  # the line that a kill cut off
    assert predict(task, 1) == Progress(26, 0, 14)
    assert task.target.read_bytes() == whole


def _wait_until_gone(group: int) -> None:
    """Its workers end with it, though nobody told them."""
    for _ in range(200):
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return
        time.sleep(0.05)
    os.killpg(group, signal.SIGKILL)
    pytest.fail("a worker outlived the command")


@pytest.mark.slow
def test_a_kill_in_the_middle_leaves_no_line_out_and_none_twice(model, tmp_path):
    """The real command, killed while it writes, more than once; the last call ends it."""
    source, target = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    part = tmp_path / "out.jsonl.part"
    source.write_text("".join(json.dumps({"id": n, "text": f"good news number {n}"}) + "\n" for n in range(60_000)))
    command = [sys.executable, "-m", "synth_assets.cli", "predict", model, source, target, "--workers", "2", "--json"]
    sizes = [0]
    for _ in range(2):
        process = subprocess.Popen(command, start_new_session=True, stdout=subprocess.PIPE)
        while process.poll() is None and (not part.exists() or part.stat().st_size <= sizes[-1]):
            time.sleep(0.005)
        process.kill()
        process.communicate()
        _wait_until_gone(process.pid)
        sizes.append(part.stat().st_size)
    assert not target.exists()
    assert sizes == sorted(set(sizes)), "each call goes on where the one before was killed"
    told = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    assert told["lines"] == 60_000
    assert [json.loads(line)["id"] for line in target.read_text().splitlines()] == list(range(60_000))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.jsonl", "out.jsonl"]


def test_another_file_or_student_begins_anew(task):
    part, mark = (task.target.with_name(f"out.jsonl.{end}") for end in ("part", "job"))
    part.write_text("{}\n" * 10)
    mark.write_text("of something else")
    assert predict(task, 1) == Progress(40, 3, 0)


def test_a_finished_file_is_not_overwritten(task):
    predict(task, 1)
    with pytest.raises(SynthError, match="is there already"):
        predict(task, 1)


class CountsThreads:
    """A student that notes with how many threads it may calculate."""

    labels = ("up", "down")

    def __init__(self) -> None:
        self.threads: list[int] = []

    def probabilities(self, texts):
        self.threads += [library["num_threads"] for library in threadpool_info()]
        return np.full((len(texts), 2), 0.5)


def test_a_worker_calculates_with_one_thread_and_only_while_it_labels(monkeypatch, tmp_path):
    student = CountsThreads()
    monkeypatch.setattr(bulk, "_student", student)
    job = PredictionJob(tmp_path, tmp_path / "in.jsonl", tmp_path / "out.jsonl")
    with threadpool_limits(2):
        before = [library["num_threads"] for library in threadpool_info()]
        bulk._label_in_worker(bulk._Chunk(1, [b'{"text": "Profit rose."}']), job)
        after = [library["num_threads"] for library in threadpool_info()]
    assert set(student.threads) == {1}
    assert after == before
    assert 2 in before
