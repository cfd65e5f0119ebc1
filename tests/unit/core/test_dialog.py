"""Dialogs: read from what is found in the wild, told apart from what is none, compared turn by turn."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synth_assets.core.dialog import (
    Message,
    alternation_fault,
    read_dialog,
    rewrite_fault,
    structure_fault,
    without_system,
)

SPOKEN = st.builds(Message, st.sampled_from(["system", "user", "assistant"]), st.text(min_size=1))
TALK = st.lists(st.text(min_size=1).filter(str.strip), min_size=2, max_size=8).map(lambda texts: talk(*texts))


def talk(*texts: str) -> tuple[Message, ...]:
    return tuple(Message(("user", "assistant")[index % 2], text) for index, text in enumerate(texts))


@given(st.lists(SPOKEN))
def test_a_dialog_is_read_back_from_its_json(messages):
    assert read_dialog([message.to_json() for message in messages]) == tuple(messages)
    assert read_dialog(messages) == tuple(messages)


@pytest.mark.parametrize("role", ["human", "prompter", "user"])
def test_other_names_of_the_speakers(role):
    assert read_dialog([{"from": role, "value": "Hi"}, {"role": "bot", "content": "Ho"}]) == talk("Hi", "Ho")


@given(st.lists(SPOKEN))
def test_without_system_nobody_speaks_twice_as_user_and_no_word_is_lost(messages):
    result = without_system(tuple(messages))
    assert all(message.role != "system" for message in result)
    assert all((one.role, two.role) != ("user", "user") for one, two in pairwise(result))
    assert "\n\n".join(m.content for m in messages).split() == "\n\n".join(m.content for m in result).split()


@given(TALK)
def test_speakers_in_turn_are_a_dialog(dialog):
    assert alternation_fault(dialog) is None
    assert (structure_fault(dialog) is None) is (len(dialog) % 2 == 0)


@pytest.mark.parametrize(
    ("dialog", "fault"),
    [
        ((), "the dialog is empty"),
        (talk("Hi", "Ho")[1:], "message 1 is spoken by assistant, expected user"),
        (talk("Hi", "Ho") + talk("x", "y")[1:], "message 3 is spoken by assistant, expected user"),
        (talk("Hi", "\t"), "message 2 (assistant) is blank"),
        (talk("Hi", "Ho", "Bye"), "the dialog does not end with the assistant"),
    ],
)
def test_what_is_no_dialog_to_train_on(dialog, fault):
    assert structure_fault(dialog) == fault


@given(TALK, st.text(min_size=1).filter(str.strip))
def test_any_words_of_the_assistant_make_a_rewrite(dialog, text):
    result = tuple(Message(m.role, text if m.role == "assistant" else f" {m.content}\n") for m in dialog)
    assert rewrite_fault(dialog, result) is None


@given(TALK, st.data())
def test_any_word_of_the_user_that_changes_is_found(dialog, data):
    index = data.draw(st.integers(0, (len(dialog) - 1) // 2)) * 2
    changed = Message("user", f"{dialog[index].content} x")
    fault = rewrite_fault(dialog, (*dialog[:index], changed, *dialog[index + 1 :]))
    assert fault == f"message {index + 1} (user) was changed, only the assistant's may be"


@given(TALK, st.data())
def test_a_turn_that_is_missing_is_found(dialog, data):
    index = data.draw(st.integers(0, len(dialog) - 1))
    assert "messages, the original has" in str(rewrite_fault(dialog, dialog[:index] + dialog[index + 1 :]))
