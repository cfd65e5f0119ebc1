"""Whatever the server does: every call ends as a reply or a failure, with the true reason and the true cost."""

import math
from functools import partial

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from synth_assets.core.request import Failure, Outcome, Reply
from synth_assets.core.teacher_spec import Limits
from synth_assets.settings import Timing
from synth_assets.teacher.served.faults import SHARES
from tests.support.served_gateway import OpenDesk

IN_A_HURRY = Limits(timeout_s=0.4)
PATIENT = Limits(timeout_s=20)
REASONS = {
    "429": "rate limited (429)",
    "500": "server error (500)",
    "502": "server error (502)",
    "503": "server error (503)",
    "reset": "the connection broke",
    "reset_body": "the connection broke",
    "drip": "timed out",
    "truncated": "the response is not JSON",
    "wrong_shape": "the response has the wrong shape",
    "wrong_type": "the response is not JSON",
}


@pytest.fixture
def desk(desk: OpenDesk) -> OpenDesk:
    """A desk whose retries come soon."""
    return partial(desk, timing=Timing(backoff_s=0.02))


@pytest.mark.parametrize("transport", ["http", "sdk"])
@pytest.mark.parametrize("fault", [*REASONS, "duplicate"])
async def test_a_fault_that_can_heal_is_outlived(desk: OpenDesk, fault: str, transport: str) -> None:
    limits = IN_A_HURRY if fault == "drip" else PATIENT
    async with desk(f"{fault}=30%,retry_after=0.01", transport=transport, limits=limits) as it:
        outcomes = await it.ask_all(it.calls(map(str, range(24))))
        assert [getattr(outcome, "text", outcome) for outcome in outcomes] == [f"you said {n}" for n in range(24)]
        stats, served = it.gateway.stats, it.server.stats()
        assert fault == "duplicate" or stats.retries > 0
        assert fault == "drip" or stats.prompt_tokens == served["prompt_tokens"], "the server's count is ours"


@pytest.mark.parametrize("fault", [name for name in REASONS if name != "429"])
async def test_a_fault_that_stays_is_told_by_its_name(desk: OpenDesk, fault: str) -> None:
    limits = Limits(timeout_s=0.2, retries=2)
    async with desk(f"{fault}=100%", limits=limits) as it:
        (outcome,) = await it.ask_all(it.calls(["one"]))
        assert isinstance(outcome, Failure)
        assert (outcome.reason, outcome.attempts) == (REASONS[fault], 3)


@pytest.mark.parametrize("fault", ["empty", "invalid", "length"])
async def test_a_poor_answer_is_an_answer(desk: OpenDesk, fault: str) -> None:
    """It was paid for; whether it will do is for the stage to say."""
    async with desk(f"{fault}=100%") as it:
        (reply,) = await it.ask_all(it.calls(["one"]))
        assert isinstance(reply, Reply)
        assert reply.finish_reason == ("length" if fault == "length" else "stop")
        assert len(reply.text) < len("you said one")


@pytest.mark.parametrize("transport", ["http", "sdk"])
async def test_all_faults_at_once(desk: OpenDesk, transport: str) -> None:
    async with desk("all=30%,latency=2ms,retry_after=0.01", transport=transport, limits=IN_A_HURRY) as it:
        outcomes = await it.ask_all(it.calls(map(str, range(120))))
        _all_accounted_for(outcomes, it)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    shares=st.dictionaries(st.sampled_from([*SHARES, "429", "500", "503", "400"]), st.floats(0.01, 0.15), max_size=5),
    seed=st.integers(0, 1000),
)
async def test_any_faults_at_once(desk: OpenDesk, shares: dict[str, float], seed: int) -> None:
    script = ",".join([f"{name}={share:.3f}" for name, share in shares.items()] + [f"seed={seed},retry_after=0.01"])
    async with desk(script, limits=IN_A_HURRY) as it:
        outcomes = await it.ask_all(it.calls(map(str, range(30))))
        _all_accounted_for(outcomes, it)


def _all_accounted_for(outcomes: list[Outcome], it: object) -> None:
    stats, served = it.gateway.stats, it.server.stats()
    replies = [outcome for outcome in outcomes if isinstance(outcome, Reply)]
    failures = [outcome for outcome in outcomes if isinstance(outcome, Failure)]
    assert len(replies) + len(failures) == len(outcomes) == stats.asked
    assert (stats.answered, stats.failed, stats.in_flight) == (len(replies), len(failures), 0)
    assert {failure.reason for failure in failures} <= {*REASONS.values(), "refused (400)"}
    for place, outcome in enumerate(outcomes):
        whole = f"you said {place}"
        assert isinstance(outcome, Failure) or whole.startswith(outcome.text), "an answer to another call"
    assert len(replies) <= served["answers"] <= len(replies) + stats.lost, "an answer is paid once, or was lost"
    assert math.isclose(stats.cost_usd, (stats.prompt_tokens * 0.15 + stats.completion_tokens * 0.6) / 1e6)
