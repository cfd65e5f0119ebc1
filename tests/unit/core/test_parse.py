"""A reply is the object that was asked for, or there is a reason that the teacher understands."""

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synth_assets.core.parse import Unreadable, read_object

VALUES = st.dictionaries(st.text(), st.text() | st.integers() | st.none() | st.lists(st.text()))


@given(VALUES, st.sampled_from(["{}", " {}\n", "```json\n{}\n```", "```\n{}```", " ```JSON\n{}\n\n``` \n"]))
def test_an_object_alone_or_in_one_fence_is_read(value, around):
    text = json.dumps(value, ensure_ascii=False)
    assert read_object(around.replace("{}", text)) == value


@given(VALUES)
def test_what_the_texts_hold_does_not_matter(value):
    """Fences, braces and quotes inside a text are text."""
    value_object = {"a": "```json\n{}\n```", "b": '"}{"', "c": value}
    assert read_object(json.dumps(value_object)) == value_object


@given(st.text())
def test_any_other_text_is_refused_and_never_a_crash(text):
    with suppress(Unreadable):
        assert isinstance(read_object(text), dict)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("  \n", "the answer is empty"),
        ("Sure! {}", "not valid JSON"),
        ('{"a": 1} {"b": 2}', "not valid JSON: Extra data"),
        ('{"a": NaN}', "the answer holds NaN, which is not JSON"),
        ("[" * 100_000, "the answer is nested too deeply"),
        ("3", "the answer is a JSON int, not an object"),
        ('{"a": 1, "a": 2}', 'the answer has the key "a" twice'),
        ('{"a": "\\ud83d"}', "the answer holds half of a surrogate pair"),
        ('{"a": ' + "9" * 5000 + "}", "the answer holds a number of 5000 digits"),
    ],
)
def test_the_reason_is_told(text, reason):
    with pytest.raises(Unreadable, match=reason):
        read_object(text)


def test_what_was_cut_off_is_told_so():
    with pytest.raises(Unreadable, match="cut off at the limit of tokens"):
        read_object('{"a": "b', cut_off=True)
