"""A transformer from a recipe to `synth predict`: fine-tuned on votes, measured, and labelling files and rows."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from synth_assets.cli import main
from synth_assets.engine import Engine, StageResult
from synth_assets.recipes import load_recipe
from synth_assets.settings import load
from synth_assets.students.storage import about
from tests.unit.students.tiny_bert import TEXTS, tiny_model

pytest.importorskip("torch", reason="the extra `train` is not installed")
pytest.importorskip("transformers", reason="the extra `train` is not installed")
pytestmark = pytest.mark.slow

RECIPE = """
teacher: {{model: offline}}
stages:
  labelled: {{kind: source, files: labelled.jsonl, columns: {{text: text, label: text, expert: text}}}}
  tests: {{kind: source, files: tests.jsonl, columns: {{text: text, expert: text}}}}
  lessons: {{kind: filter, from: labelled, where: label IS NOT NULL}}
  student:
    kind: student
    from: lessons
    experts: expert
    test: tests
    model: {model}
    epochs: 12
    learning_rate: 0.005
  again: {{kind: predict, from: tests, student: student}}
"""


def _is_up(text: str) -> str:
    return "up" if "rose" in text or "grew" in text else "down"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Engine, dict[str, StageResult]]]:
    folder = tmp_path_factory.mktemp("fine_tuned")
    model = tiny_model(folder / "tiny")
    tests = [f"{what} {verb}" for what in ("profit", "sales") for verb in ("rose", "grew", "fell", "shrank")]
    rows = [{"text": f"{text} {n}", "label": _is_up(text), "expert": _is_up(text)} for n, text in enumerate(TEXTS)]
    (folder / "labelled.jsonl").write_text("\n".join(map(json.dumps, rows)))
    wanted = [{"text": text, "expert": _is_up(text)} for text in tests]
    (folder / "tests.jsonl").write_text("\n".join(map(json.dumps, wanted)))
    (folder / "mine.yaml").write_text(RECIPE.format(model=model))
    with Engine(load({}, folder)) as engine:
        results = engine.run_recipe(load_recipe(folder / "mine.yaml")).results
        yield engine, {result.table.split(".")[1]: result for result in results}


def _right(engine: Engine, part: str) -> float:
    sql = f"SELECT avg((label = expert)::INT) AS share FROM mine.student WHERE part = '{part}'"
    return float(engine.lake.rows(sql)[0]["share"])


def test_it_learns_from_a_recipe_and_is_measured_on_rows_it_had_not_seen(made) -> None:
    engine, results = made
    assert _right(engine, "train") > 0.9
    assert _right(engine, "test") == 1
    described = about(results["student"].folder)
    assert described["chosen"]["held_out_rows"] < described["trained_rows"] == len(TEXTS)
    accuracies = {row["on"]: row for row in described["measures"] if row["measure"] == "accuracy"}
    assert list(accuracies) == ["the teacher, held out", "experts, held out", "experts, test"]
    assert all(row["low"] <= row["value"] <= row["high"] for row in accuracies.values())
    card = (results["student"].folder / "README.md").read_text()
    assert "chosen on a tenth of the training rows" in card
    assert "| accuracy | experts, test | 1.0000 |" in card


def test_its_folder_labels_rows_and_files_alike(made, tmp_path: Path) -> None:
    engine, results = made
    wanted = {row["text"]: row["label"] for row in engine.lake.rows("SELECT text, label FROM mine.again")}
    lines = [json.dumps({"id": n, "text": text}) for n, text in enumerate(wanted)]
    (tmp_path / "in.jsonl").write_text("\n".join(lines))
    files = [str(tmp_path / name) for name in ("in.jsonl", "out.jsonl")]
    done = CliRunner().invoke(main, ["predict", str(results["student"].folder), *files, "--workers", "2"])
    assert done.exit_code == 0, done.output
    rows = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert {row["text"]: row["label"] for row in rows} == wanted
