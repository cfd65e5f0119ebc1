"""Both transports are the same teacher: they send the same, and read the same from whatever comes back."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web
from mistralai.client import models

from synth_assets.core.dialog import Message
from synth_assets.core.request import Call, Reply, Request, Sampling, Schema, Target
from synth_assets.teacher.call_error import CallError
from synth_assets.teacher.served.chat import ServedChat
from synth_assets.teacher.transports.http import HttpTransport
from synth_assets.teacher.transports.sdk import SdkTransport
from synth_assets.teacher.transports.sdk_compat import SdkCompatWatch, find_incompatibilities
from synth_assets.teacher.transports.transport import Server, Transport
from synth_assets.teacher.wire import Completion
from tests.support.served_gateway import KEY, OpenDesk

JSON = "application/json"
FIELDS = {"type": "object", "properties": {"label": {"type": "string"}}, "required": ["label"]}
TOOL = {
    "type": "function",
    "function": {"name": "weather", "description": "in a town", "parameters": {"type": "object", "properties": {}}},
}
TALK = (Message("system", "Be brief."), Message("user", "Grüße, 世界 \ud83d!"), Message("assistant", "Yes?"))


def chat(**message: Any) -> bytes:
    usage = {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10}
    choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", **message}}
    whole = {"id": "1", "object": "chat.completion", "created": 1, "model": "m", "usage": usage, "choices": [choice]}
    return json.dumps(whole).encode()


CALLED = {"id": "abc123def", "type": "function", "index": 0, "function": {"name": "weather", "arguments": '{"a": 1}'}}
ERROR = json.dumps({"object": "error", "message": "Invalid model: x", "type": "invalid_model", "code": "1500"}).encode()
NOTICED = "the teacher's API is not what Mistral's SDK expects, please report this"
RESPONSES = {
    "plain": (200, JSON, chat(content="hello")),
    "tool calls": (200, JSON, chat(content="", tool_calls=[CALLED])),
    "no content": (200, JSON, chat(content=None)),
    "chunks": (200, JSON, chat(content=[{"type": "text", "text": "a"}, {"type": "text", "text": "b"}])),
    "other type, right JSON": (200, "text/plain", chat(content="hello")),
    "page": (200, "text/html", b"<html>busy</html>"),
    "truncated": (200, JSON, chat(content="hello")[:60]),
    "wrong shape": (200, JSON, b'{"object": "list", "data": []}'),
    "not even an object": (200, JSON, b"[]"),
    "bad request": (400, JSON, ERROR),
    "unauthorized": (401, JSON, b'{"detail": "Unauthorized"}'),
    "forbidden": (403, "text/plain", b"no"),
    "not found": (404, JSON, b'{"message": "no Route matched"}'),
    "invalid, with details": (422, JSON, b'{"detail": [{"loc": ["body"], "msg": "bad", "type": "value_error"}]}'),
    "invalid, with a text": (422, JSON, b'{"detail": "bad"}'),
    "too many": (429, JSON, b'{"message": "Requests rate limit exceeded"}'),
    "broken": (500, JSON, b'{"message": "boom"}'),
    "bad gateway": (502, "text/html", b"<h1>Bad Gateway</h1>"),
    "unavailable": (503, "text/plain", b""),
    "echoes the key": (401, JSON, json.dumps({"message": f"Incorrect API key: {KEY}"}).encode()),
    "moved": (302, "text/plain", b""),
}


@asynccontextmanager
async def scripted(status: int, kind: str, body: bytes) -> AsyncIterator[tuple[str, list[dict[str, Any]]]]:
    """A server that always answers the same, and what it was sent."""
    seen: list[dict[str, Any]] = []

    async def answer(request: web.BaseRequest) -> web.Response:
        seen.append({"path": request.path, "key": request.headers.get("Authorization"), "body": await request.json()})
        headers = {"Retry-After": "2", "Location": "/elsewhere"}
        return web.Response(status=status, body=body, content_type=kind, headers=headers)

    runner = web.ServerRunner(web.Server(answer))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}", seen
    finally:
        await runner.cleanup()


async def exchange(transport: Transport, call: Call) -> Completion | dict[str, Any]:
    async with transport:
        try:
            answer, _ = await transport.send(call, transport.encode(call))
        except CallError as error:
            return vars(error)
        return answer


@pytest.mark.parametrize("name", RESPONSES)
async def test_both_read_the_same(name: str) -> None:
    call = Call(Request(TALK), Target("here", "m"))
    async with scripted(*RESPONSES[name]) as (url, _):
        server = Server(url, KEY)
        direct = await exchange(HttpTransport(server, "mistral"), call)
        assert await exchange(SdkTransport(server), call) == direct
    assert KEY not in repr(direct)


@pytest.mark.parametrize(
    "call",
    [
        Call(Request(TALK), Target("here", "m")),
        Call(Request(TALK, draw=4), Target("here", "m", Sampling(0.2, 0.9, 64, ("END",)))),
        Call(Request(TALK, Schema("verdict", FIELDS)), Target("here", "m", structured="json_schema")),
        Call(Request(TALK, Schema("verdict", FIELDS)), Target("here", "m", structured="json_object")),
        Call(Request(TALK, Schema("verdict", FIELDS)), Target("here", "m", structured="none")),
        Call(Request(TALK, tools=(TOOL,)), Target("here", "m")),
    ],
    ids=["plain", "sampling", "json_schema", "json_object", "unstructured", "tools"],
)
async def test_both_send_the_same(call: Call) -> None:
    async with scripted(200, JSON, chat(content="hello")) as (url, seen):
        server = Server(url, KEY)
        await exchange(HttpTransport(server, "mistral"), call)
        await exchange(SdkTransport(server), call)
    direct, through_sdk = seen
    assert direct["path"] == through_sdk["path"] == "/v1/chat/completions"
    assert direct["key"] == through_sdk["key"] == f"Bearer {KEY}"
    read = models.ChatCompletionRequest.model_validate
    assert read(direct["body"]) == read(through_sdk["body"])


@pytest.mark.parametrize("transport", [HttpTransport, SdkTransport])
async def test_a_server_without_a_key_gets_none(transport: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MISTRAL_API_KEY", KEY)
    call = Call(Request(TALK), Target("here", "m"))
    async with scripted(200, JSON, chat(content="hello")) as (url, seen):
        server = Server(url)
        await exchange(HttpTransport(server, "openai") if transport is HttpTransport else SdkTransport(server), call)
    assert [request["key"] for request in seen] == [None]


@pytest.mark.parametrize("transport", ["http", "sdk"])
async def test_the_proxy_of_the_machine_is_used_but_not_for_the_machine_itself(
    transport: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = Call(Request(TALK), Target("here", "m"))
    async with scripted(200, JSON, chat(content="hello")) as (url, seen):
        monkeypatch.setenv("http_proxy", url)
        for server in (Server("http://elsewhere.invalid", KEY), Server(url, KEY)):
            made = HttpTransport(server, "mistral") if transport == "http" else SdkTransport(server)
            assert isinstance(await exchange(made, call), Completion)
    assert len(seen) == 2


async def test_what_the_sdk_would_not_accept_is_noticed_once(caplog: pytest.LogCaptureFixture) -> None:
    changed = chat(content="hello").replace(b'"created": 1, ', b"")
    call = Call(Request(TALK), Target("here", "m"))
    async with scripted(200, JSON, changed) as (url, _):
        transport = HttpTransport(Server(url, KEY), "mistral", watch=SdkCompatWatch())
        async with transport:
            for _ in range(3):
                await transport.send(call, transport.encode(call))
    assert caplog.messages == [f"{NOTICED}: reply: Field required at created"]


async def test_a_watch_that_fails_is_no_failure_of_the_run(caplog: pytest.LogCaptureFixture) -> None:
    watch = SdkCompatWatch()
    watch.see(b"{}", b"this is no JSON")
    await watch.close()
    assert [message.split(": ")[:2] for message in caplog.messages] == [[NOTICED, "its models fail"]]


async def test_nothing_is_noticed_where_nothing_has_changed(desk: OpenDesk, caplog: pytest.LogCaptureFixture) -> None:
    """The served teacher, tools and schema and all."""
    calls = [Request(TALK, Schema("verdict", FIELDS), draw=2), Request(TALK, tools=(TOOL,))]
    for request in calls:
        async with desk(structured="json_schema", temperature=0.5, max_tokens=9, stop=("END",)) as it:
            assert isinstance(await it.gateway.ask(Call(request, it.teacher.target)), Reply)
    assert caplog.messages == []


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"verdict_of_a_judge": 1}, "reply: the SDK does not know 'verdict_of_a_judge'"),
        ({"created": "on Monday"}, "reply: Input should be a valid integer"),
    ],
    ids=["a field that is new", "a field of another type"],
)
async def test_a_served_teacher_that_speaks_otherwise_is_noticed_once_and_answers_all_the_same(
    desk: OpenDesk,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    changed: dict[str, Any],
    said: str,
) -> None:
    completion = ServedChat.completion
    monkeypatch.setattr(ServedChat, "completion", lambda self, body: {**completion(self, body), **changed})
    async with desk() as it:
        outcomes = await it.ask_all(it.calls(map(str, range(5))))
    assert [getattr(outcome, "text", outcome) for outcome in outcomes] == [f"you said {n}" for n in range(5)]
    assert len(caplog.messages) == 1
    assert caplog.messages[0].startswith(f"{NOTICED}: {said}")
    assert caplog.records[0].levelname == "WARNING"


def test_the_sdk_knows_all_that_is_sent() -> None:
    reply = chat(content="hello")
    assert find_incompatibilities(b'{"model": "m", "messages": [], "temperature": 1}', reply) == []
    assert find_incompatibilities(b'{"model": "m", "messages": [], "seed": 1}', reply) == [
        "request: the SDK does not know 'seed'"
    ]
