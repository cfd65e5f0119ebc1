"""The judge itself, measured by what a recipe has: its draws, people, the order and the length of what it saw."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from numpy import corrcoef

from synth_assets.core.errors import RecipeError
from synth_assets.engine import Engine
from synth_assets.recipes import load_recipe
from synth_assets.settings import load

QUESTIONS = [f"Why is number {number} so?" for number in range(21)]
RECIPE = """
teacher: {{model: offline}}
stages:
  asked: {{kind: source, inline: {asked}, columns: {{question: text}}}}
  pairs: {{kind: answers, from: asked, candidates: 4}}
  judged: {{kind: judge, from: pairs, work: "{{{{ question }}}} {{{{ answer }}}}", rubric: Good, scale: 1..3, draws: 3}}
  people: {{kind: verdicts, files: people.json}}
  figures: {{kind: scores, from: judged, verdicts: score_verdicts, people: people, text: answer}}
  good: {{kind: filter, from: judged, where: score >= 2}}
  candidates: {{kind: answers, from: asked, candidates: 3, together: true}}
  compared: {{kind: compare, from: candidates, question: "{{{{ question }}}}", undecided: {undecided}}}
  biases: {{kind: preferences, from: compared}}
  biases_each: {{kind: preferences, from: compared, by: question}}
  dpo: {{kind: preference_jsonl, from: compared, validation: 0}}
"""


def recipe_in(folder: Path, undecided: str = "keep") -> Path:
    path = folder / "mine.yaml"
    asked = json.dumps([{"question": question} for question in QUESTIONS])
    path.write_text(RECIPE.format(asked=asked, undecided=undecided), "utf-8")
    return path


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    folder = tmp_path_factory.mktemp("judges")
    path = recipe_in(folder)
    with Engine(load({}, folder)) as opened:
        recipe = load_recipe(path)
        opened.run_recipe(recipe)
        judged = opened.lake.rows("SELECT row_id, parent_ids[1] AS pair, score FROM mine.judged ORDER BY row_id")
        # Ann scores the pairs before any judge has seen them, Bob the judged rows; he says one thing twice.
        ann = [_verdict(row["pair"], row["score"], "ann", "01") for row in judged[:10]]
        bob = [_verdict(row["row_id"], 4 - row["score"], "bob", day) for row in judged[10:14] for day in ("02", "03")]
        bob[0]["label"] = "9"
        unclear = [_verdict(judged[20]["row_id"], "good", "bob", "02"), _verdict("nobody", 3, "bob", "02")]
        (folder / "people.json").write_text(json.dumps([*ann, *bob, *unclear]), "utf-8")
        opened.run_recipe(recipe)
        yield opened


def _verdict(subject: str, label: object, who: str, day: str) -> dict[str, Any]:
    return {"subject": subject, "label": str(label), "who": who, "said_at": f"2026-01-{day}T00:00:00Z"}


def test_people_and_draws_are_compared_with_the_judge(engine: Engine) -> None:
    (row,) = engine.lake.rows("SELECT * FROM mine.figures")
    judged = engine.lake.rows("SELECT * FROM mine.judged ORDER BY row_id")
    scores = [each["score"] for each in judged]
    human = scores[:10] + [4 - score for score in scores[10:14]]
    assert (row["rows"], row["human_rows"]) == (4 * len(QUESTIONS), 14)
    assert row["human_agreement"] == pytest.approx(sum(a == b for a, b in zip(scores, human, strict=False)) / 14)
    assert row["human_bias"] == pytest.approx(sum(a - b for a, b in zip(scores, human, strict=False)) / 14)
    assert row["human_correlation"] == pytest.approx(corrcoef(scores[:14], human)[0, 1])
    assert row["length_bias"] == pytest.approx(corrcoef(scores, [len(each["answer"]) for each in judged])[0, 1])
    draws = [[verdict["score"] for verdict in json.loads(each["score_verdicts"])] for each in judged]
    equal = sum((a == b) + (a == c) + (b == c) for a, b, c in draws)
    assert row["draw_agreement"] == pytest.approx(equal / (3 * len(draws)))


def test_a_filter_after_the_judge_chooses_and_the_figures_know_all(engine: Engine) -> None:
    (row,) = engine.lake.rows("SELECT lowest, distribution FROM mine.figures")
    assert row["lowest"] == 1
    kept = sum(n for score, n in json.loads(row["distribution"]).items() if float(score) >= 2)
    assert engine.lake.count("mine.good") == kept < 4 * len(QUESTIONS)


def test_position_and_length_bias_count_every_verdict_that_was_bought(engine: Engine) -> None:
    (row,) = engine.lake.rows("SELECT * FROM mine.biases")
    calls = engine.lake.rows("SELECT request, reply FROM ops.calls WHERE stage = 'compared'")
    named = [(json.loads(call["reply"])["better"], call["request"]) for call in calls]
    decided = [(better, asked) for better, asked in named if better != "tie"]
    assert row["rows"] == engine.lake.count("mine.candidates"), "nothing was turned away"
    assert row["pairs"] * 2 == len(named)
    assert row["verdicts"] == len(decided)
    assert row["ties"] == pytest.approx(1 - len(decided) / len(named))
    first = sum(better == "A" for better, _ in decided) / len(decided)
    assert (row["first_share"], row["position_bias"]) == (pytest.approx(first), pytest.approx(2 * first - 1))
    rows = engine.lake.rows("SELECT answers, comparisons, chosen FROM mine.compared")
    comparisons = [(each, entry["answers"]) for entry in rows for each in json.loads(entry["comparisons"])]
    longer = [
        (len(answers[each["first"]]) > len(answers[each["second"]])) == (each["better"] == "A")
        for each, answers in comparisons
        if each["better"] != "tie" and len(answers[each["first"]]) != len(answers[each["second"]])
    ]
    assert row["longer_share"] == pytest.approx(sum(longer) / len(longer))
    pairs = [(a["better"], b["better"]) for (a, _), (b, _) in zip(comparisons[::2], comparisons[1::2], strict=True)]
    assert row["follows_order"] == pytest.approx(sum(p in {("A", "A"), ("B", "B")} for p in pairs) / len(pairs))
    same = {("A", "B"), ("B", "A"), ("tie", "tie")}
    assert row["swap_agreement"] == pytest.approx(sum(pair in same for pair in pairs) / len(pairs))
    assert 0 < row["follows_order"] < 1
    assert row["undecided"] == pytest.approx(sum(entry["chosen"] is None for entry in rows) / len(rows))


def test_each_group_has_its_own_and_what_is_undecided_is_not_exported(engine: Engine) -> None:
    rows = engine.lake.rows("SELECT part, rows FROM mine.biases_each")
    assert {row["part"] for row in rows} <= set(QUESTIONS)
    assert sum(row["rows"] for row in rows) == engine.lake.count("mine.compared")
    (undecided,) = engine.lake.rows("SELECT count(*) AS n FROM mine.compared WHERE chosen IS NULL")
    (rejects,) = engine.lake.rows("SELECT count(*) AS n FROM mine.dpo__rejects WHERE reason = 'no answer is better'")
    assert rejects["n"] == undecided["n"]


def test_a_judge_that_hides_what_is_undecided_is_not_measured(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="undecided: keep"):
        load_recipe(recipe_in(tmp_path, undecided="reject"))
