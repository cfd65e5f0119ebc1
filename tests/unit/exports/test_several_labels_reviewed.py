"""Verdicts with any number of labels, as Label Studio, Argilla and plain rows have them, and what one is worth."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synth_assets.analysis.doubt import SetEvidence, gain_of_set
from synth_assets.exports.review_files import NONE, Labels, ReviewItem, argilla_record, label_studio_task, verdicts_in

LABELS = ("growth", "people", "risk")
SETS = st.sets(st.sampled_from(LABELS)).map(lambda labels: tuple(sorted(labels)))


def doubt(*said: str) -> ReviewItem:
    return ReviewItem("r1", "Profit rose.", said, 0.4, ["votes are split"])


def read(item: dict[str, Any]) -> list[Labels]:
    return [verdict.labels for verdict in verdicts_in(json.loads(json.dumps(item)), "now", multiple=True)]


@given(SETS)
def test_what_the_queue_predicts_comes_back_from_label_studio(said):
    """Whoever accepts the prediction hands in its own result."""
    task = label_studio_task(doubt(*said))
    (prediction,) = task["predictions"]
    task["annotations"] = [{"completed_by": 1, "result": prediction["result"]}]
    assert read(task) == [said]


@given(SETS)
def test_what_the_queue_suggests_comes_back_from_argilla(said):
    record = argilla_record(doubt(*said))
    suggested = record["suggestions"]["labels"]["value"]
    assert suggested, "Argilla refuses an empty list"
    record["responses"] = {"labels": [{"value": suggested, "user_id": "u1", "status": "submitted"}]}
    assert read(record) == [said]


def test_nothing_is_suggested_where_there_are_no_labels_yet():
    silent = ReviewItem("r1", "Profit rose.", None, 1, ["no label"])
    assert label_studio_task(silent)["predictions"] == []
    assert argilla_record(silent)["suggestions"] == {}


def choices(*said: str, name: str = "labels") -> dict[str, Any]:
    return {"from_name": name, "to_name": "text", "type": "choices", "value": {"choices": [*said]}}


def task(*annotations: dict[str, Any]) -> dict[str, Any]:
    return {"data": {"subject": "r1", "text": "Profit rose."}, "annotations": list(annotations)}


def test_no_label_is_a_verdict_and_no_annotation_is_none():
    assert read(task()) == []
    assert read(task({"completed_by": 1, "was_cancelled": True, "result": []})) == []
    assert read(task({"completed_by": 1, "result": []})) == [()]
    comment = {"from_name": "comment", "type": "textarea", "value": {"text": ["none fits"]}}
    assert read(task({"completed_by": 1, "result": [comment]})) == [()]


def test_each_person_has_a_verdict_and_labels_are_sorted():
    both = task({"completed_by": 1, "result": [choices("risk", "growth")]}, {"completed_by": 2, "result": []})
    assert read(both) == [("growth", "risk"), ()]


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (["risk", "growth"], ("growth", "risk")),
        ("risk", ("risk",)),
        ({"choices": ["risk", "growth"]}, ("growth", "risk")),
        ('{"choices": ["risk", "growth"]}', ("growth", "risk")),
        ('["risk"]', ("risk",)),
        ([], ()),
        (NONE, ()),
    ],
)
def test_plain_rows_and_the_short_form_are_read_in_each_of_their_shapes(value, said):
    assert read({"subject": "r1", "labels": value, "who": "ann"}) == [said]
    assert read({"subject": "r1", "labels": value, "annotator": 7, "annotation_id": 2}) == [said]


@pytest.mark.parametrize(
    ("item", "message"),
    [
        ({"subject": "r1", "labels": None, "who": "ann"}, "nothing is said; that no label applies is"),
        ({"subject": "r1", "labels": "", "who": "ann"}, "nothing is said"),
        ({"subject": "r1", "labels": [NONE, "risk"], "who": "ann"}, "stands beside other labels"),
        ({"subject": "r1", "label": "risk", "who": "ann"}, 'there is no "labels": with `multiple: true`'),
        ({"subject": "r1", "annotator": 7}, "export the full JSON"),
        (task({"completed_by": 1, "result": [choices("risk", name="label")]}), 'named "label", not "labels"'),
    ],
)
def test_what_is_unclear_is_no_verdict(item, message):
    with pytest.raises(ValueError, match=message):
        read(item)


def test_several_choices_are_no_single_label_and_others_on_the_row_count():
    two = {"completed_by": 1, "result": [choices("up", "down", name="label")]}
    one = {"completed_by": 2, "result": [choices("up", name="label")]}
    found = verdicts_in(task(two, one), "now")
    assert next(found).labels == "up"
    with pytest.raises(ValueError, match="1: there are 2 labels where one is wanted"):
        next(found)


def gain(*labels: str, votes: int = 4, expert: tuple[str, ...] | None = None, **shares: float) -> float:
    return gain_of_set(SetEvidence(labels, votes, shares, expert), LABELS)


def test_a_set_is_as_doubtful_as_the_votes_on_its_labels_are_split():
    sure = gain("growth", growth=1)
    assert (
        gain("growth", votes=9, growth=1)
        < sure
        < gain("growth", growth=1, risk=0.25)
        < gain("growth", growth=0.75, risk=0.25)
    )
    assert gain_of_set(SetEvidence(None, 2, {"risk": 0.5}), LABELS) == 1


def test_experts_who_say_otherwise_make_a_set_doubtful():
    assert gain("growth", growth=1, expert=("growth", "risk")) > 0.5 > gain("growth", growth=1, expert=("growth",))


@given(SETS, st.dictionaries(st.sampled_from(LABELS), st.floats(0, 1)), st.none() | SETS, st.permutations(LABELS))
def test_a_gain_is_a_chance_whatever_the_order_of_the_labels(said, shares, expert, labels):
    evidence = SetEvidence(said, 3, shares, expert)
    assert 0 <= gain_of_set(evidence, LABELS) <= 1
    assert gain_of_set(evidence, labels) == pytest.approx(gain_of_set(evidence, LABELS))
