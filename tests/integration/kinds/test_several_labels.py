"""Rows to which any number of labels may apply, from the draws to people and back, by the offline teacher."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from synth_assets.assets.result_plots import pictures_of
from synth_assets.engine import Engine, GateClosed, StageResult
from synth_assets.recipes import BrokenRecipe, load_recipe
from synth_assets.settings import load

RECIPE = """
teacher: {model: offline}
stages:
  texts: {kind: source, files: texts.jsonl, columns: {text: text, experts: {type: texts, nullable: true}}}
  draws:
    kind: annotate
    from: texts
    instruction: What is it about?
    labels: &labels {growth: profit sales rise, people: hires staff, risk: lawsuit loss}
    multiple: true
    draws: 3
  once: {kind: annotate, from: texts, instruction: "Which apply?", labels: *labels, multiple: true}
  people: {kind: verdicts, files: verdicts/*.json, multiple: true}
  votes: {kind: vote, from: draws, verdicts: people, rows: texts, multiple: true}
  agreement: {kind: agreement, from: [draws, once, votes], experts: experts, among: texts}
  doubts: {kind: doubts, from: votes, experts: experts}
"""
TEXTS = [
    ("Profit and sales rise at mill {}.", ["growth"]),
    ("Mill {} hires staff.", ["people"]),
    ("A lawsuit brings a loss to mill {}, which hires staff.", ["risk", "people"]),
    ("Mill {} is in a valley.", []),
    ("Sales rise at mill {} after a lawsuit.", ["risk"]),
    ("Staff of mill {}.", None),
]


class Place:
    """A folder with the recipe, and what its last run made."""

    def __init__(self, folder: Path, engine: Engine) -> None:
        self.folder, self.engine = folder, engine
        self.made: dict[str, StageResult] = {}

    def run(self) -> None:
        recipe = load_recipe(self.folder / "mills.yaml")
        self.made = {result.table.split(".")[1]: result for result in self.engine.run_recipe(recipe).results}

    def rows(self, sql: str) -> list[dict[str, Any]]:
        return self.engine.lake.rows(sql)

    def measure(
        self, name: str, labels_of: str, against: str = "experts", label: str | None = None
    ) -> Mapping[str, Any]:
        (row,) = self.engine.lake.rows(
            "SELECT * FROM mills.agreement WHERE measure = ? AND labels_of = ? AND against = ?"
            " AND label IS NOT DISTINCT FROM ? AND share IS NULL",
            (name, labels_of, against, label),
        )
        return row

    def hand_in(self, name: str, item: object) -> None:
        (self.folder / "verdicts").mkdir(exist_ok=True)
        (self.folder / "verdicts" / name).write_text(json.dumps(item))


@pytest.fixture(scope="module")
def workplace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("mills")
    rows = [{"text": text.format(n), "experts": labels} for n in range(12) for text, labels in TEXTS]
    (folder / "texts.jsonl").write_text("\n".join(map(json.dumps, rows)))
    (folder / "mills.yaml").write_text(RECIPE)
    with Engine(load({}, folder)) as engine:
        made = Place(folder, engine)
        made.run()
        yield made


def test_draws_differ_and_the_votes_tell_the_share_of_each_label(workplace: Place) -> None:
    (count,) = workplace.rows(
        "SELECT count(*) FILTER (len(labels) = 0) AS none, count(*) FILTER (len(labels) = 2) AS two FROM mills.draws"
    )
    assert min(count.values()) > 0
    rows = workplace.rows("SELECT v.subject, v.labels, v.shares, v.draws FROM mills.votes v")
    assert len(rows) == 72
    for row in rows:
        shares = json.loads(row["shares"])
        assert row["labels"] == sorted(label for label, share in shares.items() if share > 0.5)
        assert all(round(share * row["draws"], 4).is_integer() for share in shares.values())
    assert any(0 < share < 1 for row in rows for share in json.loads(row["shares"]).values())


def test_the_votes_are_measured_as_sets_and_label_by_label(workplace: Place) -> None:
    rows = workplace.rows("SELECT labels, experts FROM mills.votes WHERE experts IS NOT NULL")
    right = sum(set(row["labels"]) == set(row["experts"]) for row in rows) / len(rows)
    exact = workplace.measure("exact match", "votes")
    assert (exact["value"], exact["rows"]) == (pytest.approx(right), 60)
    assert exact["low"] < right < exact["high"]
    assert workplace.measure("exact match of all rows", "votes")["value"] == pytest.approx(right)
    assert workplace.measure("rows with a label", "votes")["value"] == 1
    assert workplace.measure("support", "votes", label="risk")["value"] == 24
    assert workplace.measure("recall", "votes", label="people")["value"] > 0.8
    for name in ("mean jaccard", "micro f1", "macro f1"):
        measure = workplace.measure(name, "votes")
        assert measure["low"] <= measure["value"] <= measure["high"]
        assert right < measure["value"] < 1
    assert workplace.measure("hamming loss", "votes")["value"] < 1 - right
    parts = [workplace.measure(f"exact match where {part}", "votes") for part in ("split", "unanimous")]
    assert sum(part["rows"] for part in parts) == 60
    assert sum(part["rows"] * part["value"] for part in parts) == pytest.approx(60 * right)


def test_draws_are_measured_among_themselves_and_two_stages_on_their_rows(workplace: Place) -> None:
    alpha = workplace.measure("krippendorff's alpha", "draws", "each other")
    assert (alpha["rows"], 0.5 < alpha["value"] < 1) == (72, True)
    assert workplace.measure("krippendorff's alpha", "draws", "each other", "risk")["value"] < 1
    assert workplace.measure("rows of both", "once", "votes")["value"] == 72
    assert 0.8 < workplace.measure("exact match", "once", "votes")["value"] < 1
    assert workplace.measure("cohen's kappa", "once", "votes", "growth")["value"] > 0.8
    p = workplace.measure("p of no difference", "once", "votes")
    assert (p["rows"], p["method"]) == (60, "McNemar, exact, paired")
    on_shared = workplace.measure("exact match on shared rows", "votes", "once")["value"]
    assert on_shared == pytest.approx(workplace.measure("exact match", "votes")["value"])


def test_the_ui_shows_labels_as_bars_and_not_as_confusions(workplace: Place) -> None:
    recipe = load_recipe(workplace.folder / "mills.yaml")
    shown = pictures_of(workplace.engine, recipe, "agreement", workplace.made["agreement"])
    assert shown.keys() == {"labels of draws", "labels of once", "labels of votes", "reliability of votes"}
    assert all(picture.value.startswith("![") for picture in shown.values())


def test_the_queue_starts_with_what_is_least_certain(workplace: Place) -> None:
    rows = workplace.rows("SELECT * FROM mills.doubts ORDER BY rank")
    assert [row["gain"] for row in rows] == sorted((row["gain"] for row in rows), reverse=True)
    reasons = {reason for row in rows for reason in row["why"]}
    assert {"votes are split", "experts say otherwise"} <= reasons
    for row in rows:
        if "experts say otherwise" in row["why"]:
            assert set(row["experts"]) != set(row["labels"])
        assert ("votes are split" in row["why"]) == any(0 < share < 1 for share in json.loads(row["shares"]).values())


def test_verdicts_go_before_the_votes_and_none_of_the_labels_is_one(workplace: Place) -> None:
    folder = workplace.made["doubts"].folder
    assert folder is not None
    tasks = {each["data"]["subject"]: each for each in json.loads((folder / "label_studio.json").read_text())}
    records = {each["id"]: each for each in json.loads((folder / "argilla.json").read_text())}
    labelled = [
        row["subject"] for row in workplace.rows("SELECT subject FROM mills.doubts WHERE len(labels) > 0 ORDER BY 1")
    ]
    first, second, third = labelled[:3]
    choice = {"from_name": "labels", "to_name": "text", "type": "choices", "value": {"choices": ["risk", "growth"]}}
    annotated = [
        tasks[first] | {"annotations": [{"completed_by": {"email": "ann@example.org"}, "result": [choice]}]},
        tasks[second] | {"annotations": [{"completed_by": {"email": "ann@example.org"}, "result": []}]},
    ]
    workplace.hand_in("studio.json", annotated)
    answer = {"value": ["(none)"], "user_id": "b8a1", "status": "submitted"}
    workplace.hand_in("argilla.json", [records[third] | {"responses": {"labels": [answer]}}])
    workplace.hand_in("broken.json", [{"subject": "x", "label": "risk", "who": "ann"}])
    workplace.run()
    assert workplace.made["draws"].tally.calls == 0
    assert (workplace.made["people"].tally.rows, workplace.made["people"].tally.rejects) == (3, 1)
    votes = {row["subject"]: row for row in workplace.rows("SELECT * FROM mills.votes WHERE verdict_by IS NOT NULL")}
    labels = {subject: (row["labels"], row["verdict_by"]) for subject, row in votes.items()}
    assert labels == {
        first: (["growth", "risk"], "ann@example.org"),
        second: ([], "ann@example.org"),
        third: ([], "b8a1"),
    }
    asked = {row["subject"] for row in workplace.rows("SELECT subject FROM mills.doubts")}
    assert asked == tasks.keys() - {first, second, third}, "what a person has judged is not asked again"


def test_a_verdict_that_is_none_of_the_labels_closes_the_gate(workplace: Place) -> None:
    (row,) = workplace.rows("SELECT subject FROM mills.votes WHERE verdict_by IS NULL ORDER BY subject LIMIT 1")
    workplace.hand_in("typo.json", [{"subject": row["subject"], "labels": ["grwth"], "who": "ann"}])
    with pytest.raises(GateClosed, match="labels holds what is none of growth, people, risk: 1"):
        workplace.run()


FAULTS = {
    "a student of several labels": (
        "  student: {kind: student, from: votes}\n",
        'student.from: "votes" has no column "label" but "labels", any number of labels for each row:'
        " a student learns one label for each text; leave out `multiple` before it, or the student",
    ),
    "doubts with a student": (
        "  one: {kind: annotate, from: texts, instruction: x, labels: [a, b]}\n"
        "  student: {kind: student, from: one}\n"
        "  more: {kind: doubts, from: votes, student: student}\n",
        'more.student: a student knows one label for each row, and "votes" has any number of them: leave `student` out',
    ),
    "verdicts of one label": (
        "  ones: {kind: verdicts, files: x.json}\n  more: {kind: vote, from: draws, verdicts: ones, multiple: true}\n",
        'more.verdicts: "ones" has no column "labels" but "label", one label for each row:'
        " give `multiple: true` to both stages, or to none",
    ),
    "one label beside several": (
        "  one: {kind: annotate, from: texts, instruction: x, labels: [a, b]}\n"
        "  more: {kind: agreement, from: [one, votes]}\n",
        'more.from: "votes" has no column "label" but "labels", any number of labels for each row:'
        " labels of one kind are measured together, those of the other in a stage of their own",
    ),
    "experts with one label": (
        "  more: {kind: agreement, from: votes, experts: text}\n",
        'more.experts: "text" of "votes" is text, not texts: declare it so in the `columns` of its source',
    ),
    "doubts of what is no vote": (
        "  more: {kind: doubts, from: draws}\n",
        'more.from: "draws" has no column "share"',
    ),
}


@pytest.mark.parametrize(("stages", "message"), FAULTS.values(), ids=list(FAULTS))
def test_what_does_not_fit_is_told_before_anything_runs(tmp_path: Path, stages: str, message: str) -> None:
    (tmp_path / "mills.yaml").write_text(RECIPE + stages)
    with pytest.raises(BrokenRecipe) as fault:
        load_recipe(tmp_path / "mills.yaml")
    last = (RECIPE + stages).count("\n")
    assert f"mills.yaml:{last} stages.{message}" in str(fault.value)
