"""`best`: one of each group of candidates stays, and the others say which is better."""

import pytest

from synth_assets.core.contract import Column, Contract
from synth_assets.core.stage import Row, StageError
from synth_assets.kinds.choose.best import Best
from tests.support.sifting import sifted

BEST = Best.model_validate({"kind": "best", "from": "scored"})
READ = Contract((Column("question", "text"), Column("score", "integer")))


def test_the_best_of_each_group_stays_of_equal_ones_the_first():
    scores = [("a", 2), ("a", 3), ("a", 3), ("b", 1), ("a", 1)]
    given = [Row(f"r{index}", {"question": text, "score": score}) for index, (text, score) in enumerate(scores)]
    kept, rejected = sifted(BEST, given)
    assert kept == ["r1", "r3", "r4"], "what does not stand together is no group"
    assert rejected == {
        "r0": "another candidate is better: 2; r1 has 3",
        "r2": "another candidate is better: 3; r1 has 3",
    }


def test_what_it_reads():
    assert BEST.contract({"scored": READ}) == READ
    with pytest.raises(StageError, match='no column "score"'):
        BEST.contract({"scored": Contract((Column("question", "text"),))})
    with pytest.raises(StageError, match='no column "question"'):
        BEST.contract({"scored": Contract((Column("score", "number"),))})
