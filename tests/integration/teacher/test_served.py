"""The served teacher is Mistral's API to Mistral's own client, files and batch jobs included."""

import asyncio
import json
import time
from collections.abc import AsyncIterator

import pytest
from aiohttp import ClientSession
from mistralai.client import Mistral

from synth_assets.core.errors import TeacherError
from synth_assets.core.request import Call
from synth_assets.teacher.served.server import ServedTeacher, served
from synth_assets.teacher.wire import Completion

ASK = [{"role": "user", "content": "Why is the sky blue?"}]


@pytest.fixture
async def client() -> AsyncIterator[Mistral]:
    async with (
        ServedTeacher(faults="batch=20ms") as teacher,
        Mistral(api_key="none", server_url=teacher.url) as client,
    ):
        yield client


async def test_it_completes_chats(client: Mistral) -> None:
    said = await client.chat.complete_async(model="mistral-small-latest", messages=ASK)
    assert said.model == "mistral-small-latest"
    assert said.choices[0].message.content
    assert said.usage.total_tokens == said.usage.prompt_tokens + said.usage.completion_tokens


async def test_it_reads_texts_in_chunks(client: Mistral) -> None:
    chunks = [{"type": "text", "text": "Why is the sky "}, {"type": "text", "text": "blue?"}]
    whole = await client.chat.complete_async(model="m", messages=ASK)
    parts = await client.chat.complete_async(model="m", messages=[{"role": "user", "content": chunks}])
    assert parts.choices[0].message.content == whole.choices[0].message.content


async def test_it_lists_its_models(client: Mistral) -> None:
    assert "mistral-small-latest" in [model.id for model in (await client.models.list_async()).data]


async def test_it_keeps_files(client: Mistral) -> None:
    stored = await client.files.upload_async(file={"file_name": "a.jsonl", "content": b'{"a": 1}\n'}, purpose="batch")
    assert (stored.filename, stored.size_bytes) == ("a.jsonl", 9)
    assert await (await client.files.download_async(file_id=stored.id)).aread() == b'{"a": 1}\n'
    assert stored.id in [file.id for file in (await client.files.list_async()).data]
    await client.files.delete_async(file_id=stored.id)
    assert (await client.files.list_async()).data == []


async def _done(client: Mistral, job_id: str) -> object:
    while (job := await client.batch.jobs.get_async(job_id=job_id, inline=True)).status in ("QUEUED", "RUNNING"):
        await asyncio.sleep(0.01)
    return job


async def test_it_works_off_a_batch_that_is_sent_along(client: Mistral) -> None:
    requests = [{"custom_id": str(number), "body": {"messages": ASK, "random_seed": number}} for number in range(5)]
    made = await client.batch.jobs.create_async(
        endpoint="/v1/chat/completions", model="mistral-small-latest", requests=requests, metadata={"run": "7"}
    )
    job = await _done(client, made.id)
    assert (job.status, job.succeeded_requests, job.metadata) == ("SUCCESS", 5, {"run": "7"})
    assert {output["custom_id"] for output in job.outputs} == {"0", "1", "2", "3", "4"}
    assert job.outputs[0]["response"]["body"]["choices"][0]["message"]["content"]


async def test_it_works_off_a_batch_from_a_file(client: Mistral) -> None:
    lines = "".join(json.dumps({"custom_id": str(n), "body": {"messages": ASK}}) + "\n" for n in range(3))
    stored = await client.files.upload_async(
        file={"file_name": "batch.jsonl", "content": lines.encode()}, purpose="batch"
    )
    made = await client.batch.jobs.create_async(
        endpoint="/v1/chat/completions", model="mistral-small-latest", input_files=[stored.id]
    )
    job = await _done(client, made.id)
    results = (await (await client.files.download_async(file_id=job.output_file)).aread()).decode().splitlines()
    assert sorted(json.loads(line)["custom_id"] for line in results) == ["0", "1", "2"]


async def test_it_counts_what_it_does() -> None:
    async with ServedTeacher(faults="429=100%,retry_after=3") as teacher, ClientSession() as session:
        async with session.post(f"{teacher.url}/v1/chat/completions", json={"model": "m", "messages": ASK}) as refused:
            assert (refused.status, refused.headers["Retry-After"]) == (429, "3")
        async with session.get(f"{teacher.url}/_stats") as response:
            stats = await response.json()
    assert (stats["calls"], stats["answers"], stats["statuses"]) == (1, 0, {"429": 1})


async def test_the_latency_is_the_time_to_the_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """What it takes to make the answer is part of it: else it would come on top, for all that are asked at once."""
    slept: list[float] = []
    sleep = asyncio.sleep

    async def noted(delay_s: float) -> None:
        slept.append(delay_s)
        await sleep(0)

    def made_slowly(call: Call) -> Completion:
        time.sleep(0.02)
        return Completion("here it is", "stop", "m", 1, 1)

    async with ServedTeacher(made_slowly, faults="latency=500ms") as teacher:
        monkeypatch.setattr("synth_assets.teacher.served.chat.asyncio.sleep", noted)
        asked = {"model": "m", "messages": ASK}
        async with ClientSession() as session, session.post(f"{teacher.url}/v1/chat/completions", json=asked) as said:
            assert said.status == 200
    assert 0 <= min(slept) <= 0.48


async def test_it_refuses_what_is_no_request() -> None:
    async with ServedTeacher() as teacher, ClientSession() as session:
        for path, body, status in [("/v1/chat/completions", b"{", 400), ("/v1/other", b"{}", 404)]:
            async with session.post(teacher.url + path, data=body) as response:
                assert response.status == status


async def test_a_port_that_is_taken_is_told() -> None:
    async with ServedTeacher() as teacher:
        port = int(teacher.url.rpartition(":")[2])
        with pytest.raises(TeacherError, match="cannot listen"), served(port=port):
            pass
