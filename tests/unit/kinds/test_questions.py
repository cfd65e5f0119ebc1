"""`questions`: some in each call, with other examples in each; every item is a row or a reject."""

from pathlib import Path

import pytest

from synth_assets.core.contract import Column, Contract
from synth_assets.core.stage import StageError
from synth_assets.kinds.ask.questions import Questions
from tests.support.asking import made, row, shown

GOLDEN = Path(__file__).parents[2] / "golden" / "lab"
READ = Contract(
    (Column("task", "text"), Column("examples", "texts"), Column("text", "text", nullable=True), Column("n", "integer"))
)
SEEDS = [f"Example {number}?" for number in range(8)]
LEAF = row(task="naming {things}", examples=SEEDS, text=None, n=1)


def stage(**keys) -> Questions:
    return Questions.model_validate(
        {"kind": "questions", "from": "leaves", "task": "{{ task }}", "examples": "examples", "context": "text", **keys}
    )


def listed(*questions: str) -> str:
    return "\n".join(f"### Question {position}: {text}" for position, text in enumerate(questions, start=1))


def test_the_request_is_what_the_teacher_should_see():
    (request,) = stage(count=3, shown=2).requests(
        row(task="naming things", examples=["A?", "B?"], text="A {text}.", n=1)
    )
    assert shown(request) == (GOLDEN / "questions_request.txt").read_text("utf-8")


def test_so_many_calls_that_the_count_is_reached():
    requests = stage(count=12, per_call=5).requests(LEAF)
    assert [request.draw for request in requests] == [0, 1, 2]
    assert [f"exactly {n} new" in each.messages[1].content for n, each in zip((5, 5, 2), requests, strict=True)] == [
        True
    ] * 3


def test_each_call_shows_other_examples_and_always_the_same_ones():
    prompts = [request.messages[1].content for request in stage(count=30, per_call=3).requests(LEAF)]
    assert all(prompt.count("<example>") == 3 for prompt in prompts)
    assert len(set(prompts)) > 7
    assert prompts == [request.messages[1].content for request in stage(count=30, per_call=3).requests(LEAF)]


def test_every_question_is_a_row_without_the_examples():
    contract = stage().contract({"leaves": READ})
    assert contract.names() == ("task", "text", "n", "question")
    rows, rejects = made(stage(count=2), LEAF, [listed("One?", "Two?")])
    assert rows == [{"task": "naming {things}", "text": None, "n": 1, "question": text} for text in ("One?", "Two?")]
    assert not rejects


def test_what_makes_no_row_is_told_item_by_item():
    rows, rejects = made(
        stage(count=4, per_call=2), LEAF, [listed("One?", "Example 3?", "Three?"), listed("One?", "** **", "Four?")]
    )
    assert [each["question"] for each in rows] == ["One?"]
    assert [(each.reason, each.detail) for each in rejects] == [
        ("the same question again", "Example 3?"),
        ("more questions than were asked for", "Three?"),
        ("the same question again", "One?"),
        ("an item is blank", ""),
        ("more questions than were asked for", "Four?"),
    ]


def test_examples_may_be_one_text_and_take_the_name_of_the_new_question():
    read = Contract((Column("instruction", "text"),))
    rewritten = Questions.model_validate(
        {"kind": "questions", "from": "seeds", "task": "anything", "examples": "instruction", "into": "instruction"}
    )
    assert rewritten.contract({"seeds": read}).names() == ("instruction",)
    assert "<example>\nSay hi.\n</example>" in rewritten.requests(row(instruction="Say hi."))[0].messages[1].content


@pytest.mark.parametrize(
    ("keys", "key"),
    [
        ({"task": "{{ tusk }}"}, "task"),
        ({"examples": "n"}, "examples"),
        ({"context": "n"}, "context"),
        ({"into": "n"}, "into"),
    ],
)
def test_a_stage_that_does_not_fit_what_it_reads(keys, key):
    with pytest.raises(StageError) as caught:
        stage(**keys).contract({"leaves": READ})
    assert caught.value.key == key
