"""`synth predict` in bulk: every line has its answer, in order, and an interrupted file goes on where it was."""

import json
from pathlib import Path

import pytest

from synth_assets.core.errors import SynthError
from synth_assets.training import predict as bulk
from synth_assets.training.predict import Done, Task, predict
from synth_assets.training.student import Lessons, train
from synth_assets.training.student_files import NGRAMS, save, save_about

TEXTS = [f"{'good' if n % 2 else 'bad'} news number {n}" for n in range(40)]


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("model")
    labels = ["good" if n % 2 else "bad" for n in range(40)]
    student = train(Lessons(TEXTS, labels, [{label: 1.0} for label in labels])).student
    save(student, folder)
    save_about(folder, NGRAMS, student.labels, {})
    return folder


@pytest.fixture
def task(model, tmp_path) -> Task:
    lines = [json.dumps({"id": n, "text": text}) for n, text in enumerate(TEXTS)]
    lines[3], lines[5], lines[7] = "broken", '{"id": 5}', '["a list"]'
    (tmp_path / "in.jsonl").write_text("\n".join(lines))
    return Task(model, tmp_path / "in.jsonl", tmp_path / "out.jsonl")


def _rows(task: Task):
    return [json.loads(line) for line in task.target.read_text().splitlines()]


@pytest.mark.parametrize("workers", [1, 2])
def test_each_line_has_its_answer_in_order(task, workers, monkeypatch):
    monkeypatch.setattr(bulk, "_CHUNK_LINES", 7)
    assert predict(task, workers) == Done(40, 3, 0)
    rows = _rows(task)
    assert [row.get("id") for row in rows] == [None if n in (3, 7) else n for n in range(40)]
    assert all(row["label"] == ("good" if n % 2 else "bad") for n, row in enumerate(rows) if n not in (3, 5, 7))
    assert [bool(row.get("error")) for row in rows] == [n in (3, 5, 7) for n in range(40)]
    assert [path.name for path in task.target.parent.iterdir() if path.name.startswith("out")] == ["out.jsonl"]


def test_what_was_done_is_not_done_again(task, monkeypatch):
    monkeypatch.setattr(bulk, "_CHUNK_LINES", 7)
    predict(task, 1)
    whole = task.target.read_bytes()
    task.target.unlink()

    def stop_after_two_chunks(done: Done) -> None:
        if done.lines == 14:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        predict(task, 1, stop_after_two_chunks)
    part = task.target.with_name("out.jsonl.part")
    part.write_bytes(part.read_bytes() + b'{"id": 14, "te')  # the line that a kill cut off
    assert predict(task, 1) == Done(26, 0, 14)
    assert task.target.read_bytes() == whole


def test_another_file_or_student_begins_anew(task):
    part, mark = (task.target.with_name(f"out.jsonl.{end}") for end in ("part", "job"))
    part.write_text("{}\n" * 10)
    mark.write_text("of something else")
    assert predict(task, 1) == Done(40, 3, 0)


def test_a_finished_file_is_not_overwritten(task):
    predict(task, 1)
    with pytest.raises(SynthError, match="is there already"):
        predict(task, 1)
