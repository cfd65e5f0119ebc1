"""How many tokens a request has, and who counted."""

from synth_assets.core.request import Message, Request
from synth_assets.teacher.tokens import by_length, counter_for

TEXT = "The planets go round the sun, and the moon goes round the earth. "


def test_mistrals_models_are_counted_by_mistrals_tokenizer() -> None:
    counter = counter_for("mistral-small-latest")
    assert "tekken" in counter.name
    assert 14 <= counter.count(TEXT) <= 18


def test_others_are_counted_by_length_and_it_says_so() -> None:
    counter = counter_for("llama-3")
    assert (counter.count(TEXT), counter.name) == (by_length(TEXT), "a token for each 4 characters")
    assert counter_for("mistral-large-2407").name == "a token for each 4 characters"
    assert counter.count("") == 0


def test_each_message_of_a_request_adds_its_frame() -> None:
    request = Request(messages=(Message(role="system", content=TEXT), Message(role="user", content=TEXT)))
    assert counter_for("llama-3").of_request(request) == 2 * by_length(TEXT) + 8
