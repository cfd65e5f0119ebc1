"""What people say overrides the votes downstream, with who and when, and buys no answer again."""

import json
from pathlib import Path

from synth_assets.core.stage import Ask, Row
from synth_assets.engine import Engine
from synth_assets.recipes import load_recipe
from synth_assets.settings import load
from tests.integration.engine.conftest import Workplace

RECIPE = """
teacher: {model: offline}
stages:
  texts: {kind: source, files: texts.jsonl, columns: {text: text}}
  draws: {kind: annotate, from: texts, instruction: Judge., labels: {up: rises, down: falls}, draws: 3}
  people: {kind: verdicts, files: verdicts/*.json}
  votes: {kind: vote, from: draws, verdicts: people}
  doubts: {kind: doubts, from: votes}
"""


def test_a_verdict_from_label_studio_goes_before_the_votes(workplace: Workplace) -> None:
    folder = workplace.folder / "recipes"
    (folder / "texts.jsonl").write_text(
        "".join(json.dumps({"text": f"Sales number {n} rises."}) + "\n" for n in range(9))
    )
    workplace.write("sales", RECIPE)
    first = workplace.run("sales")
    assert first["people"].tally.rows == 0
    lake = workplace.engine.lake
    row = lake.rows("SELECT subject, label FROM sales.votes ORDER BY subject LIMIT 1")[0]
    other = "down" if row["label"] == "up" else "up"
    choice = {"from_name": "label", "to_name": "text", "type": "choices", "value": {"choices": [other]}}
    annotation = {
        "completed_by": {"email": "ann@example.org"},
        "updated_at": "2026-01-02T03:04:05Z",
        "result": [choice],
    }
    (folder / "verdicts").mkdir()
    (folder / "verdicts" / "export.json").write_text(
        json.dumps([{"data": {"subject": row["subject"]}, "annotations": [annotation]}])
    )
    second = workplace.run("sales")
    assert second["draws"].tally.calls == 0
    (vote,) = lake.rows("SELECT label, verdict_by, verdict_at, subject FROM sales.votes WHERE verdict_by IS NOT NULL")
    assert (vote["label"], vote["verdict_by"], vote["subject"]) == (other, "ann@example.org", row["subject"])
    assert vote["verdict_at"].isoformat().startswith("2026-01-02T03:04:05")
    assert lake.count("sales.votes") == 9


SILENT = """
teacher: {model: quiet, base_url: "http://127.0.0.1:9", api_key_env: NONE}
stages:
  texts: {kind: source, files: texts.jsonl, columns: {text: text}}
  draws: {kind: annotate, from: texts, instruction: Judge., labels: {up: rises, down: falls}, draws: 2, repairs: 0}
  people: {kind: verdicts, files: verdicts/*.json}
  votes: {kind: vote, from: draws, rows: texts, verdicts: people}
  doubts: {kind: doubts, from: votes}
"""


def _recorded(folder: Path, answers: dict[str, str]) -> Path:
    """The answers of a teacher, by text; each is given twice."""
    recipe = load_recipe(folder / "recipes" / "quiet.yaml")
    draws = recipe.stages["draws"]
    assert isinstance(draws, Ask)
    lines = [
        {"messages": [message.to_json() for message in request.messages], "draw": request.draw, "text": answer}
        for text, answer in answers.items()
        for request in draws.requests(Row("", {"text": text}))
    ]
    path = folder / "recording.jsonl"
    path.write_text("\n".join(map(json.dumps, lines)))
    return path


def test_a_row_that_no_answer_labelled_is_asked_of_people_and_their_verdict_counts(tmp_path: Path) -> None:
    """Through the queue's own file, as it would come back from Argilla: with who, when, and its lineage."""
    (tmp_path / "recipes").mkdir()
    answers = {"Sales rise.": "up", "Sales fall.": "down", "Sales are sales.": "hard to say"}
    texts = "\n".join(json.dumps({"text": text}) for text in answers)
    (tmp_path / "recipes" / "texts.jsonl").write_text(texts)
    (tmp_path / "recipes" / "quiet.yaml").write_text(SILENT)
    recipe = load_recipe(tmp_path / "recipes" / "quiet.yaml")
    with Engine(load({"SYNTH_TEACHER": f"replay:{_recorded(tmp_path, answers)}"}, tmp_path)) as engine:
        first = {result.table: result for result in engine.run_recipe(recipe).results}
        (doubt,) = engine.lake.rows("SELECT text, label, why FROM quiet.doubts")
        assert doubt == {"text": "Sales are sales.", "label": None, "why": ["no label: no answer could be read"]}
        folder = first["quiet.doubts"].folder
        assert folder is not None
        (record,) = json.loads((folder / "argilla.json").read_text())
        record["responses"] = {"label": [{"value": "up", "user_id": "b8a1", "status": "submitted"}]}
        record["updated_at"] = "2026-01-02T03:04:05"
        (tmp_path / "recipes" / "verdicts").mkdir()
        (tmp_path / "recipes" / "verdicts" / "argilla.json").write_text(json.dumps([record]))
        second = {result.table: result for result in engine.run_recipe(recipe).results}
        assert second["quiet.draws"].tally.calls == 0
        (row,) = engine.lake.rows("SELECT * FROM quiet.votes WHERE text = 'Sales are sales.'")
        assert (row["label"], row["verdict_by"], row["draws"]) == ("up", "b8a1", 0)
        assert row["verdict_at"].isoformat().startswith("2026-01-02T03:04:05")
        (source,) = engine.lake.rows("SELECT row_id FROM quiet.texts WHERE text = 'Sales are sales.'")
        (verdict,) = engine.lake.rows("SELECT row_id FROM quiet.people")
        assert row["parent_ids"] == [source["row_id"], verdict["row_id"]]
        assert engine.lake.count("quiet.doubts") == 0, "what a person has judged is not asked again"
