"""Asking a served teacher: a server with faults to order, a gateway before it, and many calls through it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from synth_assets import settings
from synth_assets.core.dialog import Message
from synth_assets.core.request import Call, Outcome, Request, Schema
from synth_assets.core.teacher_spec import Limits, TeacherSpec
from synth_assets.settings import DEFAULT_TIMING, Timing
from synth_assets.teacher import Budget, Gateway, Teacher, open_teacher
from synth_assets.teacher.served.server import ServedTeacher
from synth_assets.teacher.wire import Completion

KEY = "sk-never-to-be-seen-4711"


def repeat(call: Call) -> Completion:
    """Answers with what was asked: an answer that went astray shows."""
    said = call.request.messages[-1].content
    return Completion(f"you said {said}", "stop", "repeat", 10, 5)


def request(text: str, *, schema: Schema | None = None, draw: int = 0) -> Request:
    return Request((Message("user", text),), schema, (), draw)


@dataclass
class Desk:
    """A server, the teacher that stands for it, and an open gateway to it."""

    server: ServedTeacher
    teacher: Teacher
    gateway: Gateway

    def calls(self, texts: Iterable[str]) -> list[Call]:
        return [Call(request(text), self.teacher.target) for text in texts]

    async def ask_all(self, calls: Sequence[Call], at_once: int = 128) -> list[Outcome]:
        """Asks as the engine does: a bounded window, in order; the outcomes in order."""
        outcomes: list[Any] = [None] * len(calls)
        places = iter(range(len(calls)))

        async def worker() -> None:
            for place in places:
                outcomes[place] = await self.gateway.ask(calls[place])

        workers = [asyncio.ensure_future(worker()) for _ in range(at_once)]
        try:
            await asyncio.gather(*workers)
        finally:
            for one in workers:
                one.cancel()
            await asyncio.gather(*workers, return_exceptions=True)
        return outcomes


OpenDesk = Callable[..., AbstractAsyncContextManager[Desk]]


@asynccontextmanager
async def open_desk(
    faults: str = "",
    *,
    answer: Callable[[Call], Completion] = repeat,
    budget: Budget | None = None,
    on_reply: Callable[..., None] | None = None,
    limits: Limits | None = None,
    key: str | None = KEY,
    timing: Timing = DEFAULT_TIMING,
    **spec: Any,
) -> AsyncIterator[Desk]:
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(ServedTeacher(answer, faults))
        env = {"MISTRAL_BASE_URL": server.url} | ({"MISTRAL_API_KEY": key} if key else {})
        wanted = {"model": "mistral-small-latest", "limits": limits or Limits(timeout_s=1), **spec}
        teacher = open_teacher(TeacherSpec(**wanted), settings.load(env, timing=timing), shipped=False)
        gateway = await stack.enter_async_context(teacher.gateway(budget=budget, on_reply=on_reply))
        yield Desk(server, teacher, gateway)
