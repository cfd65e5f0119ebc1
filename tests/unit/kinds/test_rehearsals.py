"""The offline teacher answers each kind by the kind's own rules, which find their prompt by its template."""

import ast
import json

import pytest

from synth_assets.core.rehearsal import Dice
from synth_assets.core.request import Call, Request, Schema, Target
from synth_assets.core.stage import Ask
from synth_assets.kinds import kinds
from synth_assets.kinds.code_hash import tree_hash, without_shows
from synth_assets.teacher.offline.transport import offline_answer
from tests.support import asking

DIALOG = [{"role": "user", "content": "Is it far?"}, {"role": "assistant", "content": "Two miles."}]
ROW = asking.row(
    text="Profits rose sharply in the last quarter.",
    examples=["Where do bees sleep?", "Why is the sky blue?"],
    answers=["Under the bridge.", "In a hollow tree.", "Nowhere at all."],
    messages=DIALOG,
)
STAGES = [
    ("judge", {"work": "{{ text }}", "rubric": "1: bad\n5: good", "scale": "1..5"}),
    ("judge", {"work": "{{ text }}", "rubric": "0: bad\n\n1: good", "scale": "binary", "form": "text"}),
    ("compare", {"question": "{{ text }}"}),
    ("questions", {"task": "bees,\nand what they do", "count": 6, "per_call": 4}),
    ("questions", {"task": "bees", "examples": "examples", "context": "text", "count": 1}),
    ("rewrite", {"instruction": "You are a robot.\n\nBe brief."}),
    ("annotate", {"instruction": "Is it good news?", "labels": {"good": "profits rise: more", "bad": "", "none": "x"}}),
    ("annotate", {"instruction": "Is it good news?", "labels": ["good", "bad"], "style": "reasoned"}),
    ("annotate", {"instruction": "Is it good news?", "labels": ["good", "bad"], "multiple": True}),
    (
        "annotate",
        {
            "instruction": "Is it good news?",
            "labels": ["good", "bad"],
            "multiple": True,
            "style": "reasoned",
            "examples": [{"text": "Sales fell.\nSo did costs.", "label": ["good", "bad"], "reason": "Both."}],
        },
    ),
]
IDS = [f"{kind}-{number}" for number, (kind, _) in enumerate(STAGES)]


def stage_of(kind: str, keys: dict[str, object]) -> Ask:
    stage = kinds()[kind].model_validate({"kind": kind, "from": "rows", **keys})
    assert isinstance(stage, Ask)
    return stage


def test_every_kind_that_asks_is_rehearsed_here_or_answered_like_any_request() -> None:
    asks = {name for name, kind in kinds().items() if issubclass(kind, Ask)}
    assert asks - {kind for kind, _ in STAGES} == {"answers", "generate"}


@pytest.mark.parametrize(("kind", "keys"), STAGES, ids=IDS)
def test_a_kind_recognises_its_own_prompts_and_can_read_its_rehearsal(kind: str, keys: dict[str, object]) -> None:
    stage = stage_of(kind, keys)
    requests = stage.requests(ROW)
    answers = [stage.rehearse(request, Dice.of(request)) for request in requests]
    assert None not in answers
    rows, _ = asking.made(stage, ROW, [str(answer) for answer in answers])
    assert rows


@pytest.mark.parametrize(("kind", "keys"), STAGES, ids=IDS)
def test_no_other_kind_takes_a_prompt_for_its_own(kind: str, keys: dict[str, object]) -> None:
    (request, *_) = stage_of(kind, keys).requests(ROW)
    for name, other in kinds().items():
        if issubclass(other, Ask) and name != kind:
            assert other.rehearse(request, Dice.of(request)) is None, name


@pytest.mark.parametrize(("kind", "keys"), STAGES, ids=IDS)
@pytest.mark.parametrize("schema", [None, Schema("object")])
def test_a_prompt_is_enough_where_the_schema_did_not_come_along(
    kind: str, keys: dict[str, object], schema: Schema | None
) -> None:
    """Behind a server only the body of a call is known, in which a schema may be no more than a name."""
    (request, *_) = stage_of(kind, keys).requests(ROW)
    without_schema, with_schema = (
        offline_answer(Call(each, Target("served", "offline"))).text
        for each in (Request(request.messages, schema, (), request.draw), request)
    )
    assert without_schema == with_schema


def test_a_prompt_of_somebody_else_is_answered_like_any_request() -> None:
    generate = stage_of("generate", {"prompt": "You are an impartial judge. Which is better? {{ text }}"})
    (request,) = generate.requests(ROW)
    answers = [kind.rehearse(request, Dice.of(request)) for kind in kinds().values() if issubclass(kind, Ask)]
    assert set(answers) == {None}
    assert offline_answer(Call(request, Target("offline/1", "offline"))).text


def test_the_same_labels_are_found_whatever_they_mean() -> None:
    stage = stage_of("annotate", {"instruction": "x", "labels": {"good": "a - b: c", "bad": "d"}, "multiple": True})
    (request,) = stage.requests(ROW)
    answer = json.loads(str(stage.rehearse(request, Dice.of(request))))
    assert set(answer["labels"]) <= {"good", "bad"}


MODULE = """
import json
from words import WORDS, shout
_PRAISE = ("fine",)
_SHARED = 3
class A:
    def rows(self):
        return [_SHARED]
    def rehearse(self):
        return json.dumps(_praise(_SHARED))
    def pictures(self):
        from plots import draw
        return draw(WORDS)
def _praise(number):
    return shout(_PRAISE[number])
"""
PLAIN = """
_SHARED = 3
class A:
    def rows(self):
        return [_SHARED]
"""


def test_rehearsals_and_pictures_and_what_only_they_use_are_no_part_of_a_fingerprint() -> None:
    assert tree_hash(without_shows(ast.parse(MODULE))) == tree_hash(ast.parse(PLAIN))
    changed = MODULE.replace('"fine"', '"good"').replace("_SHARED = 3", "_SHARED = 4")
    assert tree_hash(without_shows(ast.parse(changed))) == tree_hash(ast.parse(PLAIN.replace("3", "4")))
