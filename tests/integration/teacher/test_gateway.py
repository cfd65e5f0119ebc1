"""Asking through the gateway, over real sockets."""

import asyncio
import itertools
import time

import pytest

from synth_assets.core.errors import BudgetError, RecipeError, TeacherError
from synth_assets.core.request import Call, Failure, Reply, Schema
from synth_assets.core.teacher_spec import Limits
from synth_assets.settings import Timing
from synth_assets.teacher import Budget
from tests.support.served_gateway import KEY, OpenDesk, repeat, request

TRANSPORTS = pytest.mark.parametrize("transport", ["http", "sdk"])


@TRANSPORTS
async def test_a_reply_says_what_was_answered_and_what_it_took(desk: OpenDesk, transport: str) -> None:
    seen: list[tuple[Call, Reply]] = []
    async with desk(transport=transport, on_reply=lambda call, reply: seen.append((call, reply))) as it:
        (call,) = it.calls(["hello"])
        reply = await it.gateway.ask(call)
    assert isinstance(reply, Reply)
    assert (reply.text, reply.finish_reason) == ("you said hello", "stop")
    assert (reply.prompt_tokens, reply.completion_tokens, reply.attempts) == (10, 5, 1)
    assert reply.cost_usd == pytest.approx((10 * 0.15 + 5 * 0.6) / 1e6)
    assert reply.latency_s > 0
    assert abs(reply.asked_at - time.time()) < 60
    assert seen == [(call, reply)]


async def test_many_calls_keep_their_own_answers_and_stay_within_the_limit(desk: OpenDesk) -> None:
    async with desk("latency=5ms", limits=Limits(concurrency=20)) as it:
        outcomes = await it.ask_all(it.calls(map(str, range(300))))
        stats = it.gateway.stats
        assert [reply.text for reply in outcomes] == [f"you said {n}" for n in range(300)]
        assert it.server.stats()["max_in_flight"] <= 20
        assert (stats.asked, stats.answered, stats.failed, stats.in_flight) == (300, 300, 0, 0)
        assert (stats.prompt_tokens, stats.completion_tokens) == (3000, 1500)


async def test_the_limits_of_a_recipe_are_kept(desk: OpenDesk) -> None:
    async with desk(limits=Limits(requests_per_minute=60 * 100)) as it:
        started = time.monotonic()
        await it.ask_all(it.calls(map(str, range(60))))
        assert time.monotonic() - started >= 0.5


async def test_a_storm_of_refusals_settles(desk: OpenDesk) -> None:
    """Above 100 calls a second the server refuses; all are answered, most at once. How few are refused at best is
    told on a clock that no busy machine can disturb: tests/unit/teacher/test_traffic.py."""
    async with desk("latency=10ms,rate=100/s,retry_after=0.3") as it:
        outcomes = await it.ask_all(it.calls(map(str, range(300))))
        assert all(isinstance(outcome, Reply) for outcome in outcomes)
        assert it.gateway.stats.refused < 150
        assert it.server.stats()["answers"] == 300


@TRANSPORTS
async def test_a_key_that_is_not_accepted_stops_everyone_and_names_the_remedy(desk: OpenDesk, transport: str) -> None:
    async with desk("expire_key_after=20,latency=1ms", transport=transport) as it:
        with pytest.raises(TeacherError, match=r"the key was not accepted \(401\)") as raised:
            await it.ask_all(it.calls(map(str, range(500))), at_once=10)
        assert raised.value.remedy
        assert "check the key" in raised.value.remedy
        assert it.gateway.stats.answered <= 20
        assert it.server.stats()["calls"] <= 20 + 10, "nobody asks again with a key that is not accepted"
        with pytest.raises(TeacherError, match="401"):
            await it.gateway.ask(it.calls(["late"])[0])


@pytest.mark.parametrize("status", [400, 422])
@TRANSPORTS
async def test_a_request_that_is_refused_fails_alone_and_is_not_repeated(
    desk: OpenDesk, transport: str, status: int
) -> None:
    async with desk(f"{status}=20%", transport=transport) as it:
        outcomes = await it.ask_all(it.calls(map(str, range(60))), at_once=4)
        failures = [outcome for outcome in outcomes if isinstance(outcome, Failure)]
        assert failures
        assert {(failure.reason, failure.attempts) for failure in failures} == {(f"refused ({status})", 1)}
        assert it.server.stats()["calls"] == 60


async def test_a_teacher_that_turns_every_request_away_stops_the_run(desk: OpenDesk) -> None:
    async with desk("400=100%") as it:
        with pytest.raises(TeacherError, match="turns every request away"):
            await it.ask_all(it.calls(map(str, range(50))), at_once=2)
        assert it.server.stats()["calls"] <= 6


async def test_the_breaker_stops_a_run_when_the_teacher_is_gone(desk: OpenDesk) -> None:
    async with desk("latency=1ms,down_after=50", timing=Timing(patience_s=0.5)) as it:
        started = time.monotonic()
        with pytest.raises(TeacherError, match="no answer for") as raised:
            await it.ask_all(it.calls(map(str, range(500))), at_once=16)
        assert raised.value.exit_code == 4
        assert time.monotonic() - started < 10
        assert it.gateway.stats.failed == 0, "no row is blamed for a server that is gone"


async def test_a_server_that_restarts_is_waited_for(desk: OpenDesk) -> None:
    async with desk("latency=1ms,down_after=50,down_for=0.6") as it:
        outcomes = await it.ask_all(it.calls(map(str, range(200))), at_once=16)
        assert [getattr(outcome, "text", outcome) for outcome in outcomes] == [f"you said {n}" for n in range(200)]


async def test_a_name_that_nobody_knows_stops_the_run(desk: OpenDesk) -> None:
    async with desk(base_url="http://no-such-host.invalid", key=None, timing=Timing(patience_s=0.2)) as it:
        with pytest.raises(TeacherError, match="the server's name is not known"):
            await it.ask_all(it.calls(map(str, range(20))))


async def test_one_row_that_never_gets_an_answer_fails_alone(desk: OpenDesk) -> None:
    def moody(call: Call) -> object:
        if "poison" in call.request.messages[-1].content:
            raise RuntimeError("a bug of the server")
        return repeat(call)

    async with desk(answer=moody, limits=Limits(retries=2, timeout_s=1)) as it:
        outcomes = await it.ask_all(it.calls(["a", "poison", "b"]))
        assert [type(outcome) for outcome in outcomes] == [Reply, Failure, Reply]
        failure = outcomes[1]
        assert isinstance(failure, Failure)
        assert (failure.reason, failure.attempts) == ("server error (500)", 3)


async def test_a_wait_that_is_too_long_stops_the_run(desk: OpenDesk) -> None:
    async with desk("429=100%,retry_after=3600") as it:
        with pytest.raises(TeacherError, match="asks to wait for 3600 s"):
            await it.ask_all(it.calls(["one"]))


@pytest.mark.parametrize(
    ("budget", "answered"),
    [(Budget(calls=37), 37), (Budget(tokens=37 * 15 + 4200), None), (Budget(usd=0.0026), None)],
    ids=["calls", "tokens", "usd"],
)
async def test_a_budget_stops_before_it_is_passed(desk: OpenDesk, budget: Budget, answered: int | None) -> None:
    async with desk("latency=2ms", budget=budget) as it:
        with pytest.raises(BudgetError, match="no room for another call") as raised:
            await it.ask_all(it.calls(map(str, range(400))), at_once=32)
        stats = it.gateway.stats
        assert raised.value.remedy
        assert stats.answered > 0
        assert answered in (None, stats.answered)
        assert budget.tokens is None or stats.prompt_tokens + stats.completion_tokens <= budget.tokens
        assert budget.usd is None or (stats.cost_usd or 0.0) <= budget.usd
        assert it.server.stats()["calls"] == stats.answered


async def test_a_budget_in_dollars_wants_a_price(desk: OpenDesk) -> None:
    with pytest.raises(RecipeError, match="price of this model is not known"):
        async with desk(model="my-own-model", budget=Budget(usd=1)):
            pass


async def test_a_model_without_a_price_costs_an_unknown_sum_not_nothing(desk: OpenDesk) -> None:
    async with desk(model="my-own-model") as it:
        (reply,) = await it.ask_all(it.calls(["hello"]))
        assert isinstance(reply, Reply)
        assert reply.cost_usd is None
        assert it.gateway.stats.cost_usd is None


async def test_whoever_stops_waiting_leaves_no_gap(desk: OpenDesk) -> None:
    async with desk("latency=20ms", limits=Limits(concurrency=2)) as it:
        calls = it.calls(map(str, range(20)))
        asking = [asyncio.ensure_future(it.gateway.ask(call)) for call in calls]
        await asyncio.sleep(0.01)
        for one in asking[:15]:
            one.cancel()
        await asyncio.gather(*asking, return_exceptions=True)
        assert it.gateway.stats.in_flight == 0
        assert isinstance(await it.gateway.ask(it.calls(["after"])[0]), Reply)


async def test_the_clock_on_the_wall_may_jump(desk: OpenDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    now, jumps = time.time(), itertools.cycle([0.0, -1e6, 1e6, -3600.0, 3600.0])
    async with desk("429=30%,retry_after=0.01", limits=Limits(requests_per_minute=60 * 200)) as it:
        monkeypatch.setattr("time.time", lambda: now + next(jumps))
        started = time.monotonic()
        outcomes = await it.ask_all(it.calls(map(str, range(60))))
        took_s = time.monotonic() - started
        monkeypatch.undo()
    assert took_s >= 0.25, "the rate is kept"
    for outcome in outcomes:
        assert isinstance(outcome, Reply)
        assert 0 <= outcome.latency_s <= took_s
        assert now - 1 <= outcome.asked_at <= time.time() + 1


@TRANSPORTS
async def test_the_limits_that_a_server_names_are_learned(desk: OpenDesk, transport: str) -> None:
    """It names 50 requests a second, and never has to refuse one."""
    async with desk("rate=50/s,names_rate=1", transport=transport) as it:
        await it.gateway.ask(it.calls(["first"])[0])
        started = time.monotonic()
        await it.ask_all(it.calls(map(str, range(70))))
        assert time.monotonic() - started >= 1.3
        assert it.gateway.stats.refused == 0


@TRANSPORTS
async def test_what_was_asked_for_in_json_comes_in_json(desk: OpenDesk, transport: str) -> None:
    bodies: list[Call] = []

    def look(call: Call) -> object:
        bodies.append(call)
        return repeat(call)

    fields = {"type": "object", "properties": {"a": {"type": "string"}}}
    schema = Schema("verdict", fields)
    async with desk(answer=look, transport=transport, structured="json_schema") as it:
        await it.gateway.ask(Call(request("x", schema=schema, draw=3), it.teacher.target))
    assert bodies[0].request.schema == schema
    assert bodies[0].request.draw == 3


async def test_the_key_is_in_no_message(desk: OpenDesk, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    async with desk("expire_key_after=0") as it:
        with pytest.raises(TeacherError) as raised:
            await it.ask_all(it.calls(["one"]))
        shown = [repr(it.teacher), repr(it.gateway), str(raised.value), caplog.text]
        error: BaseException | None = raised.value
        while error is not None:
            shown.append(repr(error) + repr(vars(error)))
            error = error.__cause__ or error.__context__
    assert KEY not in "".join(shown)
