"""A server that others wrote: llama.cpp, with a real (if senseless) model, through the same gateway."""

from collections.abc import Iterator

import pytest

from synth_assets import settings
from synth_assets.core.parse import read_object
from synth_assets.core.request import Call, Failure, Reply, Schema
from synth_assets.core.teacher_spec import TeacherSpec
from synth_assets.teacher import Teacher, open_teacher
from tests.support.served_gateway import request
from tests.support.tiny_llama import llama_server, write_model

VERDICT = Schema(
    "verdict",
    {
        "type": "object",
        "properties": {"label": {"enum": ["good", "bad"]}, "score": {"type": "integer", "minimum": 1, "maximum": 5}},
        "required": ["label", "score"],
        "additionalProperties": False,
    },
)


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    model = tmp_path_factory.mktemp("llama") / "tiny.gguf"
    write_model(model)
    with llama_server(model) as url:
        yield url


def teacher_at(address: str, **spec: object) -> Teacher:
    """A recipe names the server, with or without /v1, and needs no key."""
    return open_teacher(
        TeacherSpec(model="tiny", base_url=f"{address}/v1", temperature=1, max_tokens=120, **spec),
        settings.load({}),
        shipped=False,
    )


async def test_it_answers_and_counts_its_tokens(address: str) -> None:
    teacher = teacher_at(address)
    async with teacher.gateway() as gateway:
        reply = await gateway.ask(Call(request("Good morning"), teacher.target))
    assert isinstance(reply, Reply)
    assert reply.prompt_tokens > len("Good morning")
    assert 0 < reply.completion_tokens <= 120
    assert reply.cost_usd is None, "nobody knows the price of a model of one's own"


async def test_by_grammar_every_answer_is_the_object_that_was_asked_for(address: str) -> None:
    teacher = teacher_at(address, structured="json_schema")
    async with teacher.gateway() as gateway:
        for number in range(25):
            reply = await gateway.ask(Call(request(f"Question {number}?", schema=VERDICT), teacher.target))
            assert isinstance(reply, Reply)
            said = read_object(reply.text)
            assert said["label"] in ("good", "bad")
            assert said["score"] in range(1, 6)


async def test_draws_of_one_question_differ_and_can_be_had_again(address: str) -> None:
    teacher = teacher_at(address)
    calls = [Call(request("Tell me something", draw=draw), teacher.target) for draw in range(1, 6)]
    async with teacher.gateway() as gateway:
        first = [await gateway.ask(call) for call in calls]
        again = [await gateway.ask(call) for call in calls]
    assert len({reply.text for reply in first}) == 5
    assert [reply.text for reply in again] == [reply.text for reply in first]


async def test_a_prompt_that_is_too_long_fails_alone(address: str) -> None:
    teacher = teacher_at(address)
    async with teacher.gateway() as gateway:
        assert isinstance(await gateway.ask(Call(request("short"), teacher.target)), Reply)
        failure = await gateway.ask(Call(request("long " * 5000), teacher.target))
    assert isinstance(failure, Failure)
    assert failure.reason == "refused (400)"
    assert "context size" in failure.detail
