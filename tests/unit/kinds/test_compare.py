"""`compare`: only a preference that survives the swap of the answers counts."""

import json

import pytest

from synth_assets.core.contract import Column, Contract
from synth_assets.core.parse import Unreadable
from synth_assets.core.stage import Reject, StageError
from synth_assets.kinds.ask.compare import Compare
from tests.support.asking import made, reply, row

READ = Contract((Column("question", "text"), Column("answers", "texts")))
COMPARE = Compare.model_validate({"kind": "compare", "from": "candidates", "question": "{{ question }}"})


def asked(*answers: str):
    return row(question="Why?", answers=list(answers))


def says(better: str) -> str:
    return json.dumps({"explanation": f"I take {better}.", "better": better})


def test_each_pair_is_shown_in_both_orders():
    requests = COMPARE.requests(asked("one", "two", "three"))
    assert len(requests) == 6
    first, swapped = (request.messages[1].content for request in requests[:2])
    assert "<answer_A>\none\n</answer_A>" in first
    assert "<answer_B>\ntwo\n</answer_B>" in first
    assert "<answer_A>\ntwo\n</answer_A>" in swapped
    assert "<question>\nWhy?\n</question>" in first


@pytest.mark.parametrize(("verdicts", "chosen"), [("AB", "one"), ("BA", "two")])
def test_an_answer_that_is_preferred_in_both_places_is_chosen(verdicts, chosen):
    ((values,), _) = made(COMPARE, asked("one", "two"), [says(each) for each in verdicts])
    assert values["chosen"] == chosen
    assert {values["chosen"], values["rejected"]} == {"one", "two"}
    assert values["preference"] == f"I take {verdicts[0]}."
    assert values["swap_agreement"] == 1.0


@pytest.mark.parametrize(
    ("verdicts", "why"),
    [
        (["A", "A"], "the verdict follows the order of the answers"),
        (["B", "B"], "the verdict follows the order of the answers"),
        (["tie", "A"], "the verdict follows the order of the answers"),
        (["tie", "tie"], "neither is better"),
    ],
)
def test_a_preference_for_a_place_is_none(verdicts, why):
    with pytest.raises(Reject, match=why):
        made(COMPARE, asked("one", "two"), [says(each) for each in verdicts])


def test_of_several_the_one_with_most_wins_is_chosen_and_the_one_with_fewest_rejected():
    # The pairs are one-two, one-three, two-three: one beats two, three beats both, one and three were swapped once.
    verdicts = ["A", "B", "B", "A", "B", "A"]
    ((values,), _) = made(COMPARE, asked("one", "two", "three"), [says(each) for each in verdicts])
    assert (values["chosen"], values["rejected"]) == ("three", "two")
    verdicts[2] = "A"
    ((values,), _) = made(COMPARE, asked("one", "two", "three"), [says(each) for each in verdicts])
    assert values["swap_agreement"] == pytest.approx(2 / 3)


def test_every_verdict_is_told_as_it_was_asked():
    ((values,), _) = made(COMPARE, asked("one", "three"), [says("A"), says("B")])
    assert values["comparisons"] == [
        {"first": 0, "second": 1, "characters": [3, 5], "better": "A"},
        {"first": 1, "second": 0, "characters": [5, 3], "better": "B"},
    ]
    with pytest.raises(Reject) as caught:
        made(COMPARE, asked("one", "two"), [says("A"), says("A")])
    assert [each["better"] for each in json.loads(caught.value.rejection.detail)] == ["A", "A"]


@pytest.mark.parametrize("verdicts", ["AA", ["tie", "tie"], ["tie", "A"]])
def test_what_is_undecided_may_stay_to_be_counted(verdicts):
    keeping = COMPARE.model_copy(update={"undecided": "keep"})
    ((values,), _) = made(keeping, asked("one", "two"), [says(each) for each in verdicts])
    assert (values["chosen"], values["rejected"], values["preference"]) == (None, None, None)
    assert [each["better"] for each in values["comparisons"]] == list(verdicts)
    declared = keeping.contract({"candidates": READ})
    assert [column.name for column in declared.columns if column.nullable] == ["chosen", "rejected", "preference"]
    assert not any(column.nullable for column in COMPARE.contract({"candidates": READ}).columns)


def test_equal_answers_are_not_compared():
    with pytest.raises(Reject, match="nothing to compare"):
        COMPARE.requests(asked("same", "same"))


@pytest.mark.parametrize(
    "answer",
    [{"better": "A"}, {"explanation": "x"}, {"explanation": "x", "better": "C"}, {"explanation": "", "better": "A"}],
)
def test_what_is_no_preference_is_sent_back(answer):
    with pytest.raises(Unreadable):
        COMPARE.read(asked("one", "two"), reply(json.dumps(answer)))


def test_what_it_reads():
    assert COMPARE.contract({"candidates": READ}).names()[2:] == (
        "chosen",
        "rejected",
        "preference",
        "swap_agreement",
        "comparisons",
    )
    with pytest.raises(StageError, match="is text, not texts"):
        Compare.model_validate({**COMPARE.model_dump(by_alias=True), "answers": "question"}).contract(
            {"candidates": READ}
        )
