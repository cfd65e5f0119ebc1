"""What people say overrides the votes downstream, with who and when, and buys no answer again."""

import json

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
    (told,) = lake.rows("SELECT label, verdict_by, verdict_at, subject FROM sales.votes WHERE verdict_by IS NOT NULL")
    assert (told["label"], told["verdict_by"], told["subject"]) == (other, "ann@example.org", row["subject"])
    assert told["verdict_at"].isoformat().startswith("2026-01-02T03:04:05")
    assert lake.count("sales.votes") == 9
