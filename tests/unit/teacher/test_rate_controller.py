"""How a queue of calls fares before servers that allow so much and no more, in virtual time."""

import asyncio

import pytest

from synth_assets.core.teacher_spec import Limits
from synth_assets.teacher.admission.request_queue import open_queue
from tests.support.strict_server import Allowance, Outcome, work_off
from tests.support.virtual_time import run_virtually


def fare(calls: int, allowance: Allowance, **limits: object) -> Outcome:
    return run_virtually(work_off(calls, allowance, Limits(**limits)))


@pytest.mark.parametrize("latency_s", [0.05, 0.3, 1.5])
def test_before_a_server_that_allows_20_a_second(latency_s: float) -> None:
    """A run of 1,000 rows takes at most 1.10 times the ideal time, with at most 2 % of the calls refused."""
    outcome = fare(1000, Allowance(rate_per_s=20, latency_s=latency_s, retry_after_s=1))
    assert outcome.took_s <= 1.10 * 1000 / 20
    assert outcome.refused <= 20


@pytest.mark.parametrize("rate_per_s", [5, 200])
def test_before_slower_and_faster_servers(rate_per_s: int) -> None:
    outcome = fare(30 * rate_per_s, Allowance(rate_per_s=rate_per_s, retry_after_s=1))
    assert outcome.took_s <= 1.10 * 30
    assert outcome.refused <= max(10, 0.02 * 30 * rate_per_s)


@pytest.mark.parametrize("retry_after_s", [None, 0.1])
@pytest.mark.parametrize("latency_s", [0.05, 0.5])
def test_before_a_server_that_takes_100_at_once(latency_s: float, retry_after_s: float | None) -> None:
    """At least 0.65 of its capacity is used, although we would send 256."""
    allowance = Allowance(at_once=100, latency_s=latency_s, retry_after_s=retry_after_s)
    outcome = fare(10_000, allowance, concurrency=256)
    assert 10_000 / outcome.took_s >= 0.65 * 100 / latency_s
    assert outcome.refused <= 0.02 * 10_000


@pytest.mark.parametrize("saved_s", [0, 0.1, 0.5])
def test_a_server_that_saves_nothing_up_is_not_driven_into_refusing(saved_s: float) -> None:
    outcome = fare(1000, Allowance(rate_per_s=20, saved_s=saved_s, retry_after_s=1))
    assert outcome.took_s <= 1.6 * 1000 / 20
    assert outcome.refused <= 30


def test_refusals_that_have_nothing_to_do_with_us_are_lived_with() -> None:
    outcome = fare(1000, Allowance(moody=0.05))
    assert outcome.took_s <= 20


def test_nothing_is_lost_where_nothing_is_limited() -> None:
    """64 at once at 500 ms: 0.97 of the ideal rate; 256 at once at 50 ms: 0.9 of it."""
    assert 2048 / fare(2048, Allowance(latency_s=0.5)).took_s >= 0.97 * 64 / 0.5
    assert 10_240 / fare(10_240, Allowance(latency_s=0.05), concurrency=256).took_s >= 0.9 * 256 / 0.05


def test_the_limits_of_a_recipe_are_never_passed() -> None:
    """The server allows exactly what the recipe says, and saves nothing up: no call is refused."""
    outcome = fare(500, Allowance(rate_per_s=50, saved_s=0.02), requests_per_minute=50 * 60 * 0.98, concurrency=10)
    assert outcome.refused == 0
    assert outcome.took_s == pytest.approx(500 / 49, rel=0.02)
    assert outcome.most_at_once <= 10


def test_tokens_a_minute_hold_back_too() -> None:
    outcome = fare(300, Allowance(), tokens_per_minute=100 * 60 * 30)
    assert outcome.took_s == pytest.approx(300 / 30, rel=0.05)


def test_the_limits_a_server_names_are_kept() -> None:
    async def main() -> float:
        loop, queue = asyncio.get_running_loop(), open_queue(Limits(), "here")
        for number in range(100):
            await queue.acquire(10)
            queue.record_reply(0.0, 0, {"x-ratelimit-limit-req-minute": "600"} if not number else {})
            queue.release()
        queue.close()
        return loop.time()

    assert run_virtually(main()) == pytest.approx(9.9, abs=0.2)


def test_whoever_came_first_goes_first_and_who_asks_again_before_them() -> None:
    async def main() -> list[str]:
        queue, order = open_queue(Limits(concurrency=1), "here"), []

        async def go(name: str, again: bool) -> None:
            await queue.acquire(1, is_retry=again)
            order.append(name)
            await asyncio.sleep(1)
            queue.release()

        await asyncio.gather(go("a", False), go("b", False), go("c", False), go("again", True))
        queue.close()
        return order

    assert run_virtually(main()) == ["a", "again", "b", "c"]
