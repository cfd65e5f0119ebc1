"""The worth of a verdict, and the JSON that Label Studio and Argilla send people's verdicts in."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synth_assets.analysis.doubt import Evidence, gain_of
from synth_assets.analysis.economics import EnergyOfTokens, Tokens, bill_by_hours, bill_by_tokens
from synth_assets.exports.review_files import ReviewItem, ReviewVerdict, argilla_record, label_studio_task, verdicts_in

LABELS = ("up", "down", "flat")
ITEM = ReviewItem("r1", "Profit rose.", "up", 0.4, ["votes are split"])


def gain(*votes, label="up", **others) -> float:
    return gain_of(Evidence(label, votes, **others), LABELS)


def test_less_certain_labels_are_worth_more():
    gains = [
        gain("up", "up", "up", "up"),
        gain("up", "up", "up"),
        gain("up"),
        gain("up", "up", "down"),
        gain("up", "down"),
    ]
    assert gains == sorted(gains)
    assert gain(label=None) == 1


def test_witnesses_count_together():
    student = {"up": 0.1, "down": 0.8, "flat": 0.1}
    alone = gain("up", "up", "up")
    assert (
        gain("up", "up", "up", probabilities=student)
        > alone
        > gain("up", "up", "up", probabilities={"up": 0.9, "down": 0.1})
    )
    assert gain("up", "up", "up", expert="down") > 0.5 > gain("up", "up", "up", expert="up")


@given(st.lists(st.sampled_from(LABELS), max_size=9), st.sampled_from([None, *LABELS]), st.sampled_from(LABELS))
def test_a_gain_is_a_chance(votes, expert, label):
    assert 0 <= gain(*votes, label=label, expert=expert) <= 1


def test_a_label_studio_task_comes_back_with_its_verdicts():
    task = label_studio_task(ITEM)
    assert task["predictions"][0]["result"][0]["value"] == {"choices": ["up"]}
    choice = [{"from_name": "label", "to_name": "text", "type": "choices", "value": {"choices": ["down"]}}]
    task["annotations"] = [
        {"completed_by": {"id": 7, "email": "ann@example.org"}, "updated_at": "2026-01-02T03:04:05Z", "result": choice},
        {"completed_by": 8, "created_at": "2026-01-01T00:00:00Z", "result": choice},
        {"completed_by": 9, "was_cancelled": True, "result": choice},
        {"completed_by": 9, "result": []},
    ]
    assert list(verdicts_in(json.loads(json.dumps(task)), "now")) == [
        ReviewVerdict("r1", "down", "ann@example.org", "2026-01-02T03:04:05Z"),
        ReviewVerdict("r1", "down", "8", "2026-01-01T00:00:00Z"),
    ]


def test_an_argilla_record_comes_back_with_its_verdicts():
    record = argilla_record(ITEM)
    assert record["suggestions"]["label"]["value"] == "up"
    record["responses"] = {
        "label": [{"value": "flat", "user_id": "u1"}, {"value": "up", "user_id": "u2", "status": "discarded"}]
    }
    assert list(verdicts_in(json.loads(json.dumps(record)), "now")) == [ReviewVerdict("r1", "flat", "u1", "now")]


def test_label_studio_in_its_short_form_has_verdicts_too():
    row = {"id": 1, "text": "Profit rose.", "subject": "r1", "label": "down", "annotator": 7, "annotation_id": 2}
    annotated = row | {"created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-02T03:04:05Z", "lead_time": 2.5}
    assert list(verdicts_in(annotated, "now")) == [ReviewVerdict("r1", "down", "7", "2026-01-02T03:04:05Z")]


def test_an_export_of_argilla_is_read_as_it_writes_it():
    """Its records as to_json makes them: no status, a server's id, vectors; no time, so it was said today."""
    record = argilla_record(ITEM) | {"vectors": {}, "_server_id": "5a0e"}
    record["responses"] = {"label": [{"value": "down", "user_id": "c1"}], "comment": [{"value": "x", "user_id": "c1"}]}
    assert list(verdicts_in(record, "today")) == [ReviewVerdict("r1", "down", "c1", "today")]


def test_a_plain_row_is_a_verdict():
    row = {"subject": "r1", "label": "down", "who": "ann", "said_at": "2026-01-01"}
    assert list(verdicts_in(row, "now")) == [ReviewVerdict("r1", "down", "ann", "2026-01-01")]


@pytest.mark.parametrize("item", [{}, {"label": "up"}, {"annotations": [], "data": {}}, {"responses": {}, "id": ""}])
def test_what_names_no_row_is_no_verdict(item):
    with pytest.raises(ValueError, match=r"neither|not told"):
        list(verdicts_in(item, "now"))


def test_a_bill_by_the_token_and_by_the_hour():
    """The article's figures: GPT-3.5 at 297.2 tokens, RoBERTa at 61.49 texts/s."""
    energy = EnergyOfTokens((0.005, 0.2), (0.1, 3.0))
    bill = bill_by_tokens(1_000_000, Tokens(297.2, 3), (0.5, 1.5), energy, None)
    assert (bill.usd, bill.hours) == (pytest.approx(153.1), None)
    assert bill.kwh == (pytest.approx(1.786), pytest.approx(68.44))
    assert bill_by_tokens(1, Tokens(1, 1), None, energy, 1.0).usd is None
    machine = bill_by_hours(1_000_000, 61.49, 0.6, (40, 70))
    assert machine.usd == pytest.approx(2.71, abs=0.001)
    assert machine.co2_kg((30, 700)) == (pytest.approx(0.00542, rel=0.01), pytest.approx(0.2214, rel=0.01))
