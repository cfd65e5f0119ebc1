"""`answers`: from a text or without one, by a persona, once or several times."""

from pathlib import Path

import pytest

from synth_assets.core.contract import Column, Contract
from synth_assets.core.parse import Unreadable
from synth_assets.core.stage import Reject, StageError
from synth_assets.kinds.ask.answers import Answers
from tests.support.asking import made, reply, row, shown

GOLDEN = Path(__file__).parents[2] / "golden" / "lab"
READ = Contract((Column("question", "text"), Column("text", "text", nullable=True)))
ASKED = row(question="Who?", text="Ada came.")


def stage(**keys) -> Answers:
    return Answers.model_validate({"kind": "answers", "from": "questions", "context": "text", **keys})


def test_the_request_is_what_the_teacher_should_see():
    (request,) = stage(persona="You are a pirate.").requests(ASKED)
    assert shown(request) == (GOLDEN / "answers_request.txt").read_text("utf-8")
    (plain,) = stage().requests(row(question="Who?", text=None))
    assert plain.messages[1].content == "Who?"
    assert "You are given a text" not in plain.messages[0].content


def test_question_and_answer_make_a_dialog():
    rows, _ = made(stage(), ASKED, ["Ada.\n"])
    dialog = [{"role": "user", "content": "Ada came.\n\nWho?"}, {"role": "assistant", "content": "Ada."}]
    assert rows == [{"question": "Who?", "text": "Ada came.", "answer": "Ada.", "messages": dialog}]
    assert stage().contract({"questions": READ}).names() == ("question", "text", "answer", "messages")


def test_candidates_are_rows_of_their_own_or_stand_together():
    rows, _ = made(stage(candidates=2), ASKED, ["Ada.", "Ada came."])
    assert [(each["answer"], each["candidate"]) for each in rows] == [("Ada.", 1), ("Ada came.", 2)]
    together = stage(candidates=3, together=True)
    assert together.contract({"questions": READ}).names() == ("question", "text", "answers")
    rows, _ = made(together, ASKED, ["Ada.", "Ada came.", "Ada."])
    assert rows == [{**ASKED.values, "answers": ["Ada.", "Ada came."]}]
    with pytest.raises(Reject, match="all candidates are the same"):
        made(together, ASKED, ["Ada."] * 3)


def test_no_answer_is_no_answer():
    with pytest.raises(Unreadable, match="empty"):
        stage().read(ASKED, reply(" \n"))
    with pytest.raises(Reject, match="there is no question"):
        stage().requests(row(question=" ", text=None))


def test_stages_that_cannot_be_meant():
    with pytest.raises(ValueError, match="together needs candidates"):
        stage(together=True)
    for keys in ({"question": "text2"}, {"context": "textt"}, {"persona": "{{ who }}"}):
        with pytest.raises(StageError):
            stage(**keys).contract({"questions": READ})
