"""From a call to the body of a request, and from a body to an answer."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synth_assets.core.dialog import Message
from synth_assets.core.request import Call, Request, Sampling, Schema, Target
from synth_assets.teacher.call_error import CallError, error_from_status
from synth_assets.teacher.wire import Completion, chat_body, draw_of, encode, read_completion, seed_of

FIELDS = {"type": "object", "properties": {}}


def call(text: str = "hi", *, draw: int = 0, schema: Schema | None = None, structured: str = "json_object") -> Call:
    target = Target("here", "m", Sampling(temperature=0.2), structured)
    return Call(Request((Message("user", text),), schema, (), draw), target)


def test_a_plain_call() -> None:
    assert chat_body(call(), "mistral") == {
        "model": "m",
        "messages": [{"role": "user", "content": "hi"}],
        "temperature": 0.2,
    }


def test_draws_have_seeds_of_their_own_in_the_spelling_of_the_server() -> None:
    seeds = {chat_body(call(draw=draw), "mistral")["random_seed"] for draw in range(1, 50)}
    assert len(seeds) == 49
    assert "random_seed" not in chat_body(call(draw=0), "mistral")
    assert chat_body(call(draw=3), "openai")["seed"] == seed_of(call(draw=3))


@given(st.integers(0, 1023), st.text(max_size=5))
def test_a_seed_tells_its_draw(draw: int, text: str) -> None:
    seed = seed_of(call(text.encode("utf-8", "replace").decode(), draw=draw))
    assert draw_of(seed) == draw
    assert 0 <= seed < 2**31


@pytest.mark.parametrize(
    ("schema", "structured", "asked"),
    [
        (None, "json_schema", None),
        (Schema("v", FIELDS), "none", None),
        (Schema("v", FIELDS), "json_object", {"type": "json_object"}),
        (Schema("v"), "json_schema", {"type": "json_object"}),
        (
            Schema("v", FIELDS),
            "json_schema",
            {"type": "json_schema", "json_schema": {"name": "v", "schema": FIELDS, "strict": True}},
        ),
    ],
)
def test_json_is_asked_for_as_the_server_can(schema: Schema | None, structured: str, asked: object) -> None:
    assert chat_body(call(schema=schema, structured=structured), "mistral").get("response_format") == asked


@given(st.text(alphabet=st.characters(), max_size=50))
def test_any_text_can_be_sent_and_read(text: str) -> None:
    """Half a surrogate pair can come out of a source file; what comes back can be stored."""
    assert json.loads(encode(chat_body(call(text), "openai")))["messages"][0]["content"] == text
    said = {"choices": [{"message": {"content": text}}]}
    read = read_completion(json.dumps(said).encode()).text
    read.encode("utf-8")
    assert read == text or any("\ud800" <= char <= "\udfff" for char in text)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(
                st.sampled_from(
                    ["choices", "message", "content", "usage", "prompt_tokens", "tool_calls", "id", "model", "x"]
                ),
                inner,
            )
        ),
    )
)
def test_whatever_comes_back_is_an_answer_or_a_setback(body: object) -> None:
    try:
        ended: Completion | CallError = read_completion(json.dumps(body).encode())
    except CallError as error:
        ended = error
    assert isinstance(ended, Completion) or (ended.kind == "transient" and ended.billed)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, "request"),
        (401, "fatal"),
        (402, "fatal"),
        (403, "fatal"),
        (404, "fatal"),
        (413, "request"),
        (422, "request"),
        (301, "fatal"),
        (429, "rate_limited"),
        (500, "transient"),
        (502, "transient"),
        (503, "transient"),
        (408, "transient"),
    ],
)
def test_what_a_status_means(status: int, kind: str) -> None:
    error = error_from_status(status, {"retry-after": "1.5"}, b"said\n so")
    assert error.kind == kind
    assert str(status) in error.reason
    assert (error.detail, error.retry_after_s) == ("said so", 1.5)


@pytest.mark.parametrize(
    ("headers", "wait_s"),
    [
        ({}, None),
        ({"retry-after": "Wed, 21 Oct 2026 07:28:00 GMT"}, None),
        ({"retry-after": "-3"}, 0.0),
        ({"retry-after-ms": "250", "retry-after": "1"}, 0.25),
    ],
)
def test_how_long_a_server_asks_to_wait(headers: dict[str, str], wait_s: float | None) -> None:
    assert error_from_status(429, headers, b"").retry_after_s == wait_s
