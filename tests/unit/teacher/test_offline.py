"""The teacher without a key: the same answers each time, in the form that was asked for."""

import json
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synth_assets.core.canonical import Json
from synth_assets.core.dialog import Message, read_dialog, rewrite_fault
from synth_assets.core.parse import read_object
from synth_assets.core.request import Call, Request, Schema, Target
from synth_assets.core.stage import Row
from synth_assets.kinds.ask.rewrite import Rewrite
from synth_assets.teacher.offline.transport import offline_answer
from synth_assets.teacher.wire import Completion

VERDICT = Schema(
    "verdict",
    {
        "type": "object",
        "properties": {
            "label": {"enum": ["good", "bad", "ugly"]},
            "score": {"type": "integer", "minimum": 1, "maximum": 5},
            "share": {"type": "number", "minimum": 0, "maximum": 1},
            "sure": {"type": "boolean"},
            "reason": {"type": "string", "maxLength": 60},
            "questions": {"type": "array", "items": {"type": "string"}, "minItems": 3, "maxItems": 3},
            "who": {"$ref": "#/$defs/who"},
            "note": {"anyOf": [{"type": "string"}, {"type": "null"}]},
            "kind": {"const": "verdict"},
        },
        "$defs": {"who": {"type": "object", "properties": {"name": {"type": ["string", "null"]}}}},
    },
)


def answer(*messages: Message, schema: Schema | None = None, draw: int = 0, tools: tuple[Json, ...] = ()) -> Completion:
    return offline_answer(Call(Request(messages, schema, tools, draw), Target("offline/1", "offline")))


def asked(*turns: str) -> Message:
    roles = ("user", "assistant")
    dialog = [{"role": roles[place % 2], "content": turn} for place, turn in enumerate(turns)]
    return Message("user", json.dumps({"messages": dialog}))


REWRITE = Rewrite.model_validate({"kind": "rewrite", "from": "dialogs", "instruction": "You are Mitall, a robot."})
(REQUEST,) = REWRITE.requests(
    Row("r", {"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}]})
)
PERSONA, DIALOG = REQUEST.messages[0], REQUEST.schema


@given(
    st.lists(st.text(min_size=1).filter(str.strip), min_size=2, max_size=8).filter(lambda turns: len(turns) % 2 == 0)
)
def test_it_rewrites_only_what_the_assistant_says(turns: list[str]) -> None:
    said = answer(PERSONA, asked(*turns), schema=DIALOG)
    original = read_dialog(json.loads(asked(*turns).content)["messages"])
    rewritten = read_dialog(read_object(said.text)["messages"])
    assert rewrite_fault(original, rewritten) is None
    assert all(after != before for before, after in zip(original[1::2], rewritten[1::2], strict=True))


def test_it_is_asked_again_about_the_same_dialog() -> None:
    """A repair is a longer conversation: the dialog stands in an earlier message."""
    again = (asked("Hi", "Hello"), Message("assistant", "{}"), Message("user", "The messages are missing."))
    assert len(read_object(answer(PERSONA, *again, schema=DIALOG).text)["messages"]) == 2


@pytest.mark.parametrize(
    ("about", "mood"), [("a haunted house with ghosts", "trembl|hiding"), ("physics", "circuits|somersault")]
)
def test_it_has_moods(about: str, mood: str) -> None:
    said = answer(PERSONA, asked(f"Tell me about {about}", "It is big."), schema=DIALOG).text
    assert any(word in said for word in mood.split("|"))


def test_it_makes_an_instance_of_any_schema() -> None:
    said = read_object(answer(Message("user", "Is gravity stronger than magnetism?"), schema=VERDICT).text)
    assert said["label"] in ("good", "bad", "ugly")
    assert said["score"] in range(1, 6)
    assert 0 <= said["share"] <= 1
    assert isinstance(said["sure"], bool)
    assert len(said["reason"]) <= 60
    assert len(said["questions"]) == 3
    assert isinstance(said["who"]["name"], str)
    assert said["kind"] == "verdict"


def test_draws_mostly_agree_so_that_votes_have_something_to_do() -> None:
    agreeing = different = 0
    for number in range(50):
        question = Message("user", f"Which label does text number {number} deserve?")
        labels = Counter(read_object(answer(question, schema=VERDICT, draw=draw).text)["label"] for draw in range(5))
        agreeing += labels.most_common(1)[0][1] >= 3
        different += len(labels) > 1
    assert agreeing >= 45
    assert different >= 20


def test_the_same_is_answered_to_the_same() -> None:
    for draw in range(3):
        assert answer(PERSONA, asked("a", "b"), schema=DIALOG, draw=draw) == answer(
            PERSONA, asked("a", "b"), schema=DIALOG, draw=draw
        )


def test_plain_questions_get_plain_answers_about_them() -> None:
    said = answer(Message("user", "How does photosynthesis produce oxygen?"))
    assert "photosynthesis" in said.text or "oxygen" in said.text or "produce" in said.text
    assert (said.model, said.finish_reason) == ("offline", "stop")
    assert said.prompt_tokens > 0


def test_a_tool_is_called_with_arguments_that_fit() -> None:
    parameters = {
        "type": "object",
        "properties": {"town": {"type": "string"}, "days": {"type": "integer", "minimum": 1}},
    }
    tool = {"type": "function", "function": {"name": "weather", "parameters": parameters}}
    said = answer(Message("user", "Will it rain in Lisbon?"), tools=(tool,))
    called = said.tool_calls[0]["function"]
    assert said.finish_reason == "tool_calls"
    assert called["name"] == "weather"
    assert set(json.loads(called["arguments"])) == {"town", "days"}


@given(st.text())
def test_whatever_is_asked_is_answered(text: str) -> None:
    assert answer(Message("user", text)).text
    assert read_object(answer(Message("user", text), schema=Schema("any")).text)
