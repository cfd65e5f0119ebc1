"""`decontaminate`: no run of words that an evaluation set holds gets into training data."""

import pytest

from synth_assets.core.contract import Column, Contract
from synth_assets.core.stage import Row, StageError
from synth_assets.kinds.choose.decontaminate import Decontaminate
from tests.support.sifting import rows, sifted

EVALS = rows("text", ["A train leaves the station at nine and goes north at sixty miles an hour.", "Why is that?"], "e")


def stage(**keys) -> Decontaminate:
    defaults = {"kind": "decontaminate", "from": "pairs", "columns": "question", "against": {"exam": "text"}}
    return Decontaminate.model_validate({**defaults, **keys})


def test_a_row_that_shares_enough_words_names_the_set_the_row_and_the_words():
    given = rows(
        "question",
        [
            "Tell me: a TRAIN leaves the station, at nine and goes north. How far is it by noon?",
            "A train leaves the station at ten.",
            "why is that",
            "Why is that so?",
            "",
        ],
    )
    kept, rejected = sifted(stage(words=8), given, {"exam": EVALS})
    assert kept == ["r1", "r3", "r4"]
    assert rejected["r0"] == "shares words with exam: e0: a train leaves the station at nine and"
    assert rejected["r2"] == "shares words with exam: e1: why is that", "a short text counts as a whole"


def test_longer_runs_let_more_pass():
    given = rows("question", ["A train leaves the station at nine and goes north today."])
    assert sifted(stage(words=10), given, {"exam": EVALS})[0] == []
    assert sifted(stage(words=11), given, {"exam": EVALS})[0] == ["r0"]


def test_all_the_columns_are_looked_at():
    talk = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Why is that?"}]
    given = [Row("r0", {"question": "Fine.", "messages": talk})]
    assert sifted(stage(columns=["question", "messages"]), given, {"exam": EVALS})[0] == []
    assert sifted(stage(columns=["question"]), given, {"exam": EVALS})[0] == ["r0"]


def test_what_it_reads():
    pairs, exam = Contract((Column("question", "text"),)), Contract((Column("text", "text"), Column("n", "integer")))
    assert stage().inputs() == ("pairs", "exam")
    assert stage().contract({"pairs": pairs, "exam": exam}) == pairs
    for wrong in ({"columns": "answer"}, {"against": {"exam": "n"}}, {"against": {"pairs": "question"}}):
        with pytest.raises(StageError):
            stage(**wrong).contract({"pairs": pairs, "exam": exam})
