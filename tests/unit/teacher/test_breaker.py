"""When a run gives up, and when not."""

from synth_assets.settings import Timing
from synth_assets.teacher.admission.breaker import Breaker, RejectionCounter
from synth_assets.teacher.call_error import CallError

GONE = CallError("transient", "no connection", absent=True)
SLOW = CallError("transient", "timed out", absent=True)
REFUSED = CallError("rate_limited", "rate limited (429)")

PATIENCE_S = Timing().patience_s


def fail(breaker: Breaker, error: CallError, times: int, start: float, *, each_s: float = 0.1) -> str | None:
    for number in range(times):
        now = start + number * each_s
        reason = breaker.reason_to_stop(error, active=4, started=now, now=now)
        if reason:
            return reason
    return None


def test_a_teacher_that_is_gone_is_given_up_after_the_patience() -> None:
    breaker = Breaker()
    breaker.on_reply(0.0)
    assert fail(breaker, GONE, int(PATIENCE_S / 0.1) - 1, 1.0) is None
    assert breaker.is_silent
    assert "no connection" in (fail(breaker, GONE, 5, 1.0 + PATIENCE_S) or "")


def test_one_answer_makes_up_for_it_all() -> None:
    breaker = Breaker()
    fail(breaker, GONE, 90, 0.0)
    breaker.on_reply(9.5)
    assert not breaker.is_silent
    assert fail(breaker, GONE, 50, 9.6) is None


def test_few_faults_are_not_enough_however_long_they_take() -> None:
    assert fail(Breaker(), GONE, 5, 0.0, each_s=20) is None


def test_a_server_that_hangs_is_given_up_at_the_first_round_of_time_outs() -> None:
    breaker = Breaker()
    assert [breaker.reason_to_stop(SLOW, 64, 0.0, 120.0) for _ in range(8)][-1] is not None


def test_refusals_are_borne_for_minutes() -> None:
    breaker = Breaker()
    assert fail(breaker, REFUSED, 290, 0.0, each_s=1) is None
    assert "has refused every request" in (fail(breaker, REFUSED, 20, 290.0, each_s=1) or "")


def test_a_bad_request_ends_a_run_only_if_no_request_was_ever_good() -> None:
    bad, never, once = CallError("request", "refused (400)"), RejectionCounter(), RejectionCounter()
    assert [never.on_rejection(bad) is None for _ in range(5)] == [True] * 4 + [False]
    assert "turns every request away" in (never.on_rejection(bad) or "")
    once.on_reply()
    assert not any(once.on_rejection(bad) for _ in range(500))
