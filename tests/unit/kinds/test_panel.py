"""`panel`: several judges become one by mean, majority or minimum."""

import pytest

from synth_assets.core.contract import Column, Contract
from synth_assets.core.stage import Rejection, StageError
from synth_assets.kinds.choose.panel import Panel
from tests.support.asking import row

JUDGES = ("strict", "kind", "third")
READ = Contract((Column("text", "text"), *(Column(name, "integer", minimum=1, maximum=3) for name in JUDGES)))


def panel(**keys) -> Panel:
    return Panel.model_validate({"kind": "panel", "from": "judged", "scores": list(JUDGES), **keys})


def outcome(stage: Panel, *scores: int | None):
    (written,) = stage.sift(iter([row(text="x", **dict(zip(JUDGES, scores, strict=True)))]), {})
    return written.outcome


@pytest.mark.parametrize(("combine", "score"), [("majority", 3), ("minimum", 1), ("mean", 7 / 3)])
def test_three_judges_become_one(combine, score):
    values = outcome(panel(combine=combine), 3, 1, 3)
    assert values["score"] == score
    assert values["strict"] == 3
    assert values["score_verdicts"] == [
        {"judge": name, "score": each} for name, each in zip(JUDGES, (3, 1, 3), strict=True)
    ]


def test_what_is_not_good_enough_is_a_reject_with_what_each_judge_said():
    reject = outcome(panel(combine="minimum", keep=">= 2"), 3, 1, 3)
    assert isinstance(reject, Rejection)
    assert (reject.reason, reject.detail) == ("score 1 is not >= 2", "strict 3, kind 1, third 3")
    assert reject.values == {"score": 1}
    reject = outcome(panel(), 3, None, 2)
    assert (reject.reason, reject.detail) == ("a judge gave no score", "kind")


def test_its_columns():
    assert panel().contract({"judged": READ}).names() == ("text", *JUDGES, "score", "score_verdicts")
    score = panel(combine="mean").contract({"judged": READ}).column("score")
    assert (score.type, score.minimum, score.maximum) == ("number", 1, 3)


@pytest.mark.parametrize(
    ("keys", "read", "why"),
    [
        ({"scores": ["strict", "text"]}, READ, "is text, not integer"),
        ({"scores": ["strict", "none"]}, READ, 'no column "none"'),
        ({"score": "kind"}, READ, "another"),
        ({"keep": ">= 4"}, READ, "keeps no score"),
        ({"scores": ["a", "b"]}, Contract((Column("a", "integer", minimum=0, maximum=1), Column("b", "integer"))),
         "different scales: 0 to 1, none"),
    ],
)  # fmt: skip
def test_a_panel_that_does_not_fit(keys, read, why):
    with pytest.raises(StageError, match=why):
        panel(**keys).contract({"judged": read})


def test_a_judge_has_one_voice():
    with pytest.raises(ValueError, match="named twice"):
        panel(scores=["strict", "strict"])
    with pytest.raises(ValueError, match="at least 2"):
        panel(scores="strict")
