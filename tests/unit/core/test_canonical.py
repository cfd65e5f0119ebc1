"""Hashes name rows and calls on every machine and in every later version: these values must never change."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synth_assets.core.canonical import canonical_json, content_hash, row_id
from synth_assets.core.dialog import Message
from synth_assets.core.request import Call, Request, Sampling, Schema, Target

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)
ASKED = Request((Message("user", 'Say "é" 🤖 {DATA_PATH}'),), Schema("reply", {"type": "object"}))


def test_ids_stay_what_they_are():
    assert canonical_json({"b": [1, 2.5, None], "a": 'é"'}) == '{"a":"é\\"","b":[1,2.5,null]}'
    assert content_hash("x/1", {"a": 1}) == "3f13838455d9ef9b3f38785c78396237"
    assert row_id("mitall", "raw", ["content"], 0) == "5dcb686a4ecdfcc988d3ce591377c434"


def test_call_keys_stay_what_they_are():
    """An answer that was paid for is found under its key as long as these hold."""
    call = Call(ASKED, Target("https://api.example/v1", "small", Sampling(0.2, None, 2048)))
    assert call.key == "2f829bd7b0acc947104b98df4e2a5f2e"


@given(JSON)
def test_equal_values_have_one_spelling(value):
    assert canonical_json(value) == canonical_json(value)
    if isinstance(value, dict):
        assert canonical_json(dict(reversed(value.items()))) == canonical_json(value)


@given(st.lists(JSON, min_size=2, max_size=2, unique_by=canonical_json))
def test_different_values_have_different_names(values):
    assert content_hash("x/1", values[0]) != content_hash("x/1", values[1])


def test_what_is_not_json_has_no_name():
    with pytest.raises(ValueError, match="not JSON compliant"):
        content_hash("x/1", math.nan)


def test_a_row_is_named_by_recipe_stage_parents_and_place():
    ids = {
        row_id("a", "s", ["p"], 0),
        row_id("b", "s", ["p"], 0),
        row_id("a", "t", ["p"], 0),
        row_id("a", "s", ["q"], 0),
        row_id("a", "s", ["p", "q"], 0),
        row_id("a", "s", ["p"], 1),
    }
    assert len(ids) == 6
    assert row_id("a", "s", iter(["p"]), 0) in ids


def test_all_that_shapes_an_answer_is_in_its_key():
    target = Target("http://one", "small", Sampling(0.2))
    calls = [
        Call(ASKED, target),
        Call(ASKED, target, repair=1),
        Call(ASKED, Target("http://two", "small", Sampling(0.2))),
        Call(ASKED, Target("http://one", "large", Sampling(0.2))),
        Call(ASKED, Target("http://one", "small", Sampling(0.3))),
        Call(ASKED, Target("http://one", "small", Sampling(0.2, 0.9))),
        Call(ASKED, Target("http://one", "small", Sampling(0.2, max_tokens=5))),
        Call(ASKED, Target("http://one", "small", Sampling(0.2, stop=("x",)))),
        Call(Request(ASKED.messages, ASKED.schema, draw=1), target),
        Call(Request(ASKED.messages, Schema("reply")), target),
        Call(Request(ASKED.messages), target),
        Call(Request(ASKED.messages, ASKED.schema, tools=({"name": "t"},)), target),
        Call(Request((Message("system", ASKED.messages[0].content),), ASKED.schema), target),
    ]
    assert len({call.key for call in calls}) == len(calls)
    assert Call(ASKED, Target("http://one", "small", Sampling(0.2))).key == calls[0].key
