"""Stages of one process that ask one server at once: they share what it stands, fairly, and each ends for itself."""

import asyncio
import threading
import time
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from synth_assets import settings
from synth_assets.core.dialog import Message
from synth_assets.core.errors import TeacherError
from synth_assets.core.request import Call, Outcome, Reply, Request
from synth_assets.core.teacher_spec import Limits, TeacherSpec
from synth_assets.settings import DEFAULT_TIMING, Timing
from synth_assets.teacher import Gateway, Teacher, open_teacher
from synth_assets.teacher.admission import request_queue
from synth_assets.teacher.served.server import served
from tests.support.served_gateway import repeat


def teacher_of(url: str, *, key: str = "sk-one", timing: Timing = DEFAULT_TIMING, **limits: Any) -> Teacher:
    env = {"MISTRAL_BASE_URL": url, "MISTRAL_API_KEY": key}
    spec = TeacherSpec(model="mistral-small-latest", limits=Limits(timeout_s=5, **limits))
    return open_teacher(spec, settings.load(env, timing=timing), shipped=False)


async def ask_all(teacher: Teacher, gateway: Gateway, name: str, calls: int) -> list[Outcome]:
    asked = [Call(Request((Message("user", f"{name} {n}"),)), teacher.target) for n in range(calls)]
    return list(await asyncio.gather(*map(gateway.ask, asked)))


class Stage(threading.Thread):
    """One stage: an event loop in a thread of its own, as the engine runs it."""

    def __init__(self, main: Callable[[], Coroutine[Any, Any, Any]]) -> None:
        super().__init__()
        self.main = main
        self.ended_at = 0.0
        self.result: Any = None

    def run(self) -> None:
        try:
            self.result = asyncio.run(self.main())
        except TeacherError as error:
            self.result = error
        self.ended_at = time.monotonic()


def run_at_once(*mains: Callable[[], Coroutine[Any, Any, Any]]) -> list[Stage]:
    stages = [Stage(main) for main in mains]
    for stage in stages:
        stage.start()
        time.sleep(0.05)
    for stage in stages:
        stage.join(60)
        assert not stage.is_alive(), "a stage waits for a turn that never comes"
    assert request_queue._controllers == {}, "the last one out turns off the light"
    return stages


def asking(teacher: Teacher, name: str, calls: int) -> Callable[[], Coroutine[Any, Any, list[Outcome]]]:
    async def main() -> list[Outcome]:
        async with teacher.gateway() as gateway:
            return await ask_all(teacher, gateway, name, calls)

    return main


def test_stages_in_threads_share_the_window_and_a_short_one_is_not_kept_waiting() -> None:
    with served(repeat, "latency=20ms") as server:
        teacher = teacher_of(server.url, concurrency=8)
        long, short, other = run_at_once(*(asking(teacher, name, n) for name, n in [("a", 400), ("b", 20), ("c", 20)]))
        assert int(str(server.stats()["max_in_flight"])) <= 8
    assert [len([reply for reply in stage.result if isinstance(reply, Reply)]) for stage in (long, short, other)] == [
        400,
        20,
        20,
    ]
    assert max(short.ended_at, other.ended_at) < long.ended_at - 0.3, "first come, first served would take them as long"


def test_stages_share_the_rate() -> None:
    with served(repeat) as server:
        teacher = teacher_of(server.url, requests_per_minute=60 * 100)
        started = time.monotonic()
        first, second = run_at_once(asking(teacher, "a", 40), asking(teacher, "b", 40))
        assert max(first.ended_at, second.ended_at) - started >= 0.7


def test_two_keys_are_two_accounts() -> None:
    with served(repeat, "latency=50ms") as server:
        teachers = [teacher_of(server.url, key=key, concurrency=4) for key in ("sk-one", "sk-two")]
        run_at_once(*(asking(teacher, "a", 40) for teacher in teachers))
        assert 4 < int(str(server.stats()["max_in_flight"])) <= 8


def test_a_key_that_is_not_accepted_ends_all_who_use_it() -> None:
    with served(repeat, "latency=5ms,expire_key_after=30") as server:
        teacher = teacher_of(server.url, concurrency=4)
        stages = run_at_once(asking(teacher, "a", 200), asking(teacher, "b", 200))
        assert ["401" in str(stage.result) for stage in stages] == [True, True]
        assert int(str(server.stats()["calls"])) <= 30 + 4


async def test_bad_requests_of_one_stage_do_not_end_another() -> None:
    def picky(call: Call) -> Any:
        if call.request.messages[-1].content.startswith("bad"):
            raise ValueError("no such parameter")
        return repeat(call)

    with served(picky, "latency=1ms") as server:
        teacher = teacher_of(server.url)
        async with teacher.gateway() as bad, teacher.gateway() as good:
            with pytest.raises(TeacherError, match="turns every request away"):
                await ask_all(teacher, bad, "bad", 20)
            assert all(isinstance(reply, Reply) for reply in await ask_all(teacher, good, "good", 20))


async def test_silence_ends_those_who_ask_and_whoever_comes_later_finds_out_alone() -> None:
    with served(repeat, "latency=1ms,down_after=5,down_for=2") as server:
        teacher = teacher_of(server.url, timing=Timing(backoff_s=0.05, patience_s=0.3))
        async with teacher.gateway() as first, teacher.gateway() as second, teacher.gateway() as idle:
            asked = (ask_all(teacher, gateway, "x", 400) for gateway in (first, second))
            ended = await asyncio.gather(*asked, return_exceptions=True)
            assert ["no answer for" in str(end) for end in ended] == [True, True]
            await asyncio.sleep(2)
            assert all(isinstance(reply, Reply) for reply in await ask_all(teacher, idle, "y", 20))


def test_a_stage_that_is_interrupted_leaves_its_turns_to_the_others() -> None:
    with served(repeat, "latency=300ms") as server:
        teacher = teacher_of(server.url, concurrency=4)

        async def interrupted() -> None:
            async with teacher.gateway() as gateway:
                asked = asyncio.ensure_future(ask_all(teacher, gateway, "a", 20))
                await asyncio.sleep(0.1)
                asked.cancel()

        _, alive = run_at_once(interrupted, asking(teacher, "b", 12))
        assert [isinstance(reply, Reply) for reply in alive.result] == [True] * 12


def test_a_stage_that_dies_without_a_word_keeps_nobody_waiting() -> None:
    async def asks(*, waits: bool) -> request_queue.RequestQueue:
        place = request_queue.open_queue(Limits(concurrency=1), "here", limit_key="a road")
        await place.acquire(1)
        if waits:
            asyncio.get_running_loop().call_soon(asyncio.ensure_future(place.acquire(1)).cancel)
        return place

    loop = asyncio.new_event_loop()
    dead = loop.run_until_complete(asks(waits=False))
    loop.close()
    alive = Stage(lambda: asyncio.wait_for(asks(waits=True), 5))
    alive.start()
    alive.join()
    assert dead.active_count() == 0
    assert alive.result.active_count() == 1
    alive.result.close()
    assert request_queue._controllers == {}
