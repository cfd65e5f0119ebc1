"""`judge`: explanation before score, several draws, and rejects that keep their verdict."""

import json
from pathlib import Path

import pytest

from synth_assets.core.contract import Column, Contract
from synth_assets.core.stage import Reject, StageError
from synth_assets.kinds.ask.judge import Judge
from tests.support.asking import made, row, shown

GOLDEN = Path(__file__).parents[2] / "golden" / "lab"
READ = Contract((Column("question", "text"), Column("answer", "text")))
PAIR = row(question="How are you?", answer="Fine {DATA_PATH}.")


def judge(**keys) -> Judge:
    defaults = {"work": "{{ question }}\n{{ answer }}", "rubric": "1 - bad\n3 - good", "scale": "1..3"}
    return Judge.model_validate({"kind": "judge", "from": "pairs", **defaults, **keys})


def verdict(score: int, why: str = "Because.") -> str:
    return json.dumps({"explanation": why, "score": score})


@pytest.mark.parametrize("form", ["json", "text"])
def test_the_request_is_what_the_teacher_should_see(form):
    (request,) = judge(form=form).requests(PAIR)
    assert shown(request) == (GOLDEN / f"judge_request_{form}.txt").read_text("utf-8")
    assert (request.schema is not None) == (form == "json")


def test_a_row_gets_its_score_and_why():
    assert judge().contract({"pairs": READ}).names() == ("question", "answer", "score", "explanation")
    rows, _ = made(judge(), PAIR, [verdict(2)])
    assert rows == [{**PAIR.values, "score": 2, "explanation": "Because."}]
    rows, _ = made(judge(form="text"), PAIR, ["Because.\n\nScore: 2"])
    assert rows == [{**PAIR.values, "score": 2, "explanation": "Because."}]


def test_what_is_not_good_enough_is_a_reject_with_the_explanation():
    with pytest.raises(Reject) as caught:
        made(judge(keep=">= 3"), PAIR, [verdict(2, "Too brief.")])
    assert (caught.value.rejection.reason, caught.value.rejection.detail) == ("score 2 is not >= 3", "Too brief.")
    assert caught.value.rejection.values == {"score": 2}


@pytest.mark.parametrize(
    ("combine", "score", "why"), [("mean", 7 / 3, "middle"), ("majority", 3, "good"), ("minimum", 1, "bad")]
)
def test_several_draws_become_one_score(combine, score, why):
    replies = [verdict(3, "good"), verdict(1, "bad"), verdict(3, "good too")]
    if combine == "mean":
        replies[2], why = verdict(3, "good too"), "good"
    ((values,), _) = made(judge(draws=3, combine=combine), PAIR, replies)
    assert values["score"] == score
    assert values["explanation"] == why
    assert [each["score"] for each in values["score_verdicts"]] == [3, 1, 3]


def test_only_a_mean_is_no_whole_number():
    types = {
        how: judge(draws=3, combine=how).contract({"pairs": READ}).column("score").type for how in ("mean", "minimum")
    }
    assert types == {"mean": "number", "minimum": "integer"}


def test_a_second_judge_needs_columns_of_its_own():
    once = judge().contract({"pairs": READ})
    with pytest.raises(StageError, match='has a column "score" already; name another'):
        judge().contract({"pairs": once})
    twice = judge(score="tone", explanation="tone_why").contract({"pairs": once})
    assert {"score", "tone", "tone_why"} <= set(twice.names())


def test_the_rubric_may_read_the_row():
    (request,) = judge(rubric="Is it about {{ question }}?").requests(PAIR)
    assert "Is it about How are you??" in request.messages[0].content


def test_nothing_to_judge_costs_nothing():
    with pytest.raises(Reject, match="nothing to judge"):
        judge(work="{{ answer }}").requests(row(question="x", answer=" "))


@pytest.mark.parametrize(
    "keys", [{"keep": ">= 4"}, {"keep": "good"}, {"score": "x", "explanation": "x"}, {"scale": "3"}]
)
def test_a_judge_that_cannot_be_meant(keys):
    with pytest.raises(ValueError, match=r"keeps no score|comparison|columns of their own|range"):
        judge(**keys)
