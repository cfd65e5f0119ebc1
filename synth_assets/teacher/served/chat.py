"""The chat endpoint of the served teacher: answers, and faults to order."""

import asyncio
import itertools
import json
import math
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from synth_assets.core.canonical import Json
from synth_assets.core.dialog import read_dialog
from synth_assets.core.request import Call, Request, Schema, Target
from synth_assets.teacher.offline.transport import offline_answer
from synth_assets.teacher.served.faults import Chance, Faults, part_of
from synth_assets.teacher.wire import Completion, draw_of, encode, text_of

AnswerFunction = Callable[[Call], Completion]
_FIRST_BYTES = 20
_DRIP_S = 0.05
_PAGE = b"<html><head><title>Welcome</title></head><body>This is no API.</body></html>"
_SAYS = {401: "Unauthorized", 404: "no Route matched with those values", 429: "Requests rate limit exceeded"}


@dataclass(slots=True)
class Counts:
    """The server's own counts: an answer counts once all of it was written."""

    calls: int = 0
    answers: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    in_flight: int = 0
    max_in_flight: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)

    def to_json(self) -> dict[str, Json]:
        """Return the counts as `GET /_stats` does."""
        names = ("calls", "answers", "prompt_tokens", "completion_tokens", "in_flight", "max_in_flight")
        statuses: Json = {str(status): count for status, count in sorted(self.statuses.items())}
        return {**{name: getattr(self, name) for name in names}, "statuses": statuses, "faults": dict(self.faults)}


class ServedChat:
    """Answers calls, with the faults that were ordered."""

    def __init__(self, answer: AnswerFunction, faults: Faults) -> None:
        self.counts = Counts()
        self._answer = answer
        self._faults = faults
        self._chance = Chance(faults)
        self._numbers = itertools.count(1)
        self._allowance = faults.rate or 0.0
        self._allowed_at = time.monotonic()

    async def complete(self, request: web.BaseRequest) -> web.StreamResponse:
        """Handle POST /v1/chat/completions."""
        counts, faults = self.counts, self._faults
        body = await request.read()
        came_at = time.monotonic()
        counts.calls += 1
        counts.in_flight += 1
        counts.max_in_flight = max(counts.max_in_flight, counts.in_flight)
        try:
            if self._is_too_much():
                return self.status(429)
            fault = self._chance.fault(body)
            if fault == "429":
                return self.status(429)
            # Made first and then held back: the latency is the time to the answer, whatever it takes to make it.
            completion = self.completion(json.loads(body))
            data = encode(completion)
            if faults.latency or faults.jitter:
                due_at = came_at + faults.latency + faults.jitter * part_of(body)
                await asyncio.sleep(max(0.0, due_at - time.monotonic()))
            if fault is not None:
                counts.faults[fault] += 1
                return await self._go_wrong(fault, request, completion, data)
            return await self._send(request, completion, data)
        except ConnectionResetError:
            return web.Response()  # whoever asked is gone
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            return self.status(400, f"Invalid request: {error!r}")
        finally:
            counts.in_flight -= 1

    def completion(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Return the chat completion that answers a body."""
        answer = self._answer(_call_in(body))
        message: dict[str, Any] = {"role": "assistant", "content": answer.text, "tool_calls": None}
        if answer.tool_calls:
            message["tool_calls"] = [{**call, "index": index} for index, call in enumerate(answer.tool_calls)]
        return {
            "id": f"{next(self._numbers):032x}",
            "object": "chat.completion",
            "created": int(time.time()),
            "model": body["model"],
            "choices": [{"index": 0, "finish_reason": answer.finish_reason, "message": message}],
            "usage": {
                "prompt_tokens": answer.prompt_tokens,
                "completion_tokens": answer.completion_tokens,
                "total_tokens": answer.prompt_tokens + answer.completion_tokens,
            },
        }

    def count(self, completion: Mapping[str, Any]) -> None:
        """Count an answer that was given and is charged for."""
        self.counts.answers += 1
        self.counts.prompt_tokens += completion["usage"]["prompt_tokens"]
        self.counts.completion_tokens += completion["usage"]["completion_tokens"]

    async def _send(self, request: web.BaseRequest, completion: dict[str, Any], data: bytes) -> web.StreamResponse:
        response = web.Response(body=data, content_type="application/json", headers=self._limits())
        if request.transport is None or request.transport.is_closing():
            raise ConnectionResetError
        # Counted first: who has read the answer may hang up before this coroutine has its turn again.
        self.counts.statuses[200] += 1
        self.count(completion)
        await response.prepare(request)
        await response.write_eof()
        return response

    async def _go_wrong(
        self, fault: str, request: web.BaseRequest, completion: dict[str, Any], data: bytes
    ) -> web.StreamResponse:
        if fault.isdigit():
            return self.status(int(fault))
        if fault == "reset":
            return reset(request, web.Response())
        if fault == "wrong_type":
            return web.Response(body=_PAGE, content_type="text/html")
        if fault == "wrong_shape":
            return web.json_response({"object": "list", "data": [], "message": None})
        if fault in ("reset_body", "drip"):
            return await _break_off(fault, request, data)
        if fault == "truncated":
            return web.Response(body=data[: len(data) // 2], content_type="application/json")
        if fault == "duplicate":
            response = await self._send(request, completion, data)
            _write_again(request, data)
            return response
        spoiled = _spoiled(fault, completion)
        return await self._send(request, spoiled, encode(spoiled))

    def _is_too_much(self) -> bool:
        faults, now = self._faults, time.monotonic()
        if faults.max_in_flight is not None and self.counts.in_flight > faults.max_in_flight:
            return True
        if faults.rate is None:
            return False
        self._allowance = min(faults.rate, self._allowance + (now - self._allowed_at) * faults.rate)
        self._allowed_at = now
        if self._allowance < 1:
            return True
        self._allowance -= 1
        return False

    def _limits(self) -> dict[str, str]:
        """Return the limits in the headers that Mistral uses."""
        faults = self._faults
        return {"x-ratelimit-limit-req-minute": f"{60 * faults.rate:g}"} if faults.names_rate and faults.rate else {}

    def key_is_expired(self) -> bool:
        """Return whether every key has expired."""
        after = self._faults.expire_key_after
        return after is not None and self.counts.calls >= after

    def status(self, status: int, message_text: str = "") -> web.Response:
        """Return an error in Mistral's shape."""
        self.counts.statuses[status] += 1
        headers = self._limits()
        if status == 429 and self._faults.retry_after is not None:
            headers["Retry-After"] = f"{self._faults.retry_after:g}"
        error = {"object": "error", "message": message_text or _SAYS.get(status, "an error to order"), "code": status}
        return web.json_response(error, status=status, headers=headers)


def _call_in(body: Mapping[str, Any]) -> Call:
    """Return the call that a body stands for, as far as an answer depends on it."""
    wanted = body.get("response_format") or {}
    schema = None
    if wanted.get("type") == "json_schema":
        schema = Schema(wanted["json_schema"]["name"], wanted["json_schema"]["schema"])
    elif wanted.get("type") == "json_object":
        schema = Schema("object")
    messages = read_dialog([{"role": m["role"], "content": text_of(m.get("content"))} for m in body["messages"]])
    seed = body.get("random_seed") or body.get("seed") or 0
    request = Request(messages, schema, tuple(body.get("tools") or ()), draw_of(seed))
    return Call(request, Target("served", body["model"]))


def _spoiled(fault: str, completion: dict[str, Any]) -> dict[str, Any]:
    choice = completion["choices"][0]
    content = choice["message"]["content"]
    choice["message"]["content"] = "" if fault == "empty" else content[: math.ceil(len(content) / 2)]
    if fault == "length":
        choice["finish_reason"] = "length"
    return completion


def reset(request: web.BaseRequest, response: web.StreamResponse) -> web.StreamResponse:
    """Close the connection in the middle of the response."""
    if request.transport is not None:
        request.transport.abort()
    return response


async def _break_off(fault: str, request: web.BaseRequest, data: bytes) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "application/json", "Content-Length": str(len(data))})
    await response.prepare(request)
    await response.write(data[:_FIRST_BYTES])
    if fault == "drip":
        for index in range(_FIRST_BYTES, len(data)):
            await asyncio.sleep(_DRIP_S)
            await response.write(data[index : index + 1])
    return reset(request, response)


def _write_again(request: web.BaseRequest, data: bytes) -> None:
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(data)}\r\n\r\n"
    if request.transport is not None:
        request.transport.write(head.encode("ascii") + data)


def plain_answers(size_bytes: int) -> AnswerFunction:
    """Return a function that answers everything at once with a text of that size: for benchmarks."""
    text = ("All work and no play makes data dull. " * (size_bytes // 38 + 1))[:size_bytes]
    answer = Completion(text, "stop", "offline", 32, size_bytes // 4)
    return lambda call: answer


RULES: AnswerFunction = offline_answer
