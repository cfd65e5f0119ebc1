"""Admits requests to a server: one controller for all of this process that ask it with one key."""

import threading
from collections import deque
from collections.abc import Mapping
from typing import Final, Protocol

from synth_assets.core.errors import TeacherError
from synth_assets.core.teacher_spec import Limits
from synth_assets.settings import DEFAULT_TIMING
from synth_assets.teacher.admission.breaker import Breaker
from synth_assets.teacher.admission.concurrency_limit import ConcurrencyLimit
from synth_assets.teacher.admission.rate_estimator import RateEstimator
from synth_assets.teacher.admission.token_bucket import TokenBucket, per_minute
from synth_assets.teacher.call_error import CallError

_LONGEST_GATE_S = 10.0

LOCK: Final = threading.RLock()
"""Held for microseconds while anything here is read or changed: gateways may live in several threads."""


class Queue(Protocol):
    """A gateway's queue, as the controller sees it. Any thread that holds the lock may call it."""

    def has_waiting(self) -> bool:
        """Return whether one of its requests waits to be admitted."""

    def is_abandoned(self) -> bool:
        """Return whether its event loop was closed before the queue was."""

    def close(self) -> None:
        """Leave the controller."""

    def active_count(self) -> int:
        """Return how many requests are in flight or wait to be retried."""

    def admit_next(self, now: float) -> None:
        """Admit its first request."""

    def wake_after(self, wait_s: float) -> None:
        """Ask again after so long."""

    def stop(self, error: TeacherError) -> None:
        """End its run: no request is answered any more."""


class RateController:
    """Admits requests one by one, from the queues in turn.

    All limits meet here: requests in flight (`ConcurrencyLimit`), the learned rate (`RateEstimator`), requests and
    tokens a minute (`TokenBucket`), the gate that a refusal closes, and the breaker, which ends the runs.
    """

    def __init__(
        self,
        limits: Limits,
        where: str,
        now: float,
        *,
        unlimited: bool = False,
        patience_s: float = DEFAULT_TIMING.patience_s,
    ) -> None:
        self._patience_s = patience_s
        self.where = where
        self.in_flight = 0
        self.queues: deque[Queue] = deque()
        self._unlimited = unlimited
        self._concurrency = ConcurrencyLimit(limits.concurrency, now)
        self._rate = RateEstimator(now)
        self._breaker = Breaker(patience_s)
        self._requests = _bucket(limits.requests_per_minute, now)
        self._tokens = _bucket(limits.tokens_per_minute, now)
        self._has_learned = False
        self._gate_until = 0.0
        self._refusals = 0

    def is_silent(self) -> bool:
        """Return whether many attempts failed and none got a reply since: then no single call is to blame."""
        return self._breaker.is_silent

    def dispatch(self, now: float) -> None:
        """Admit what may be admitted; the queue that was served longest ago is next."""
        while (queue := self._next_queue()) is not None:
            wait_s = self._wait_s(now)
            if wait_s is None:
                return
            if wait_s > 0:
                for other in list(self.queues):
                    if other.has_waiting():
                        other.wake_after(wait_s)
                return
            if len(self.queues) > 1:
                self.queues.remove(queue)
                self.queues.append(queue)
            queue.admit_next(now)

    def remove_abandoned(self) -> None:
        """Close abandoned queues, so that what they had in flight keeps nobody waiting."""
        for queue in [queue for queue in self.queues if queue.is_abandoned()]:
            queue.close()

    def admits_now(self, now: float) -> bool:
        """Return whether a request that comes now need not wait."""
        return self._next_queue() is None and self._wait_s(now) == 0.0

    def admit(self, tokens: int, now: float) -> None:
        """Count a request that is sent."""
        self.in_flight += 1
        self._rate.on_sent(now)
        if self._requests is not None:
            self._requests.take(1, now)
        if self._tokens is not None:
            self._tokens.take(tokens, now)

    def release(self, requests: int, now: float) -> None:
        """Count requests that are no longer in flight."""
        self.in_flight -= requests
        self.dispatch(now)

    def record_reply(self, latency_s: float, extra_tokens: int, headers: Mapping[str, str], now: float) -> None:
        """Learn from a reply, which took so many tokens more (or fewer) than estimated."""
        self._breaker.on_reply(now)
        self._refusals = 0
        self._concurrency.on_reply(self.in_flight, latency_s, now, is_rate_limited=self._rate.rate_per_s is not None)
        if not self._has_learned:
            self._learn_limits(headers, now)
        if self._tokens is not None:
            self._tokens.take(extra_tokens, now)

    def record_failure(self, error: CallError, started: float, now: float) -> None:
        """Learn from a failed attempt, and stop the queues that it ends."""
        active = sum(queue.active_count() for queue in self.queues)
        reason = self._breaker.reason_to_stop(error, active, started, now)
        if reason is not None:
            self._breaker = Breaker(self._patience_s)  # later queues find out for themselves
            stopped = unavailable_error(reason, error, self.where)
            for queue in list(self.queues):
                # A key that is not accepted ends all. Silence ends only the queues that met it.
                if error.kind == "fatal" or queue.active_count() or queue.has_waiting():
                    queue.stop(stopped)
        elif error.kind == "rate_limited":
            self._close_gate(error, started, now)
        elif error.reason == "timed out":
            self._concurrency.on_timeout(self.in_flight, started, now)

    def _next_queue(self) -> Queue | None:
        for queue in self.queues:  # nearly always one
            if queue.has_waiting():
                return queue
        return None

    def _close_gate(self, error: CallError, started: float, now: float) -> None:
        """Close the gate for a while, unless the refused request was sent before it was closed last."""
        self._rate.on_refusal(started)
        if not self._concurrency.on_refusal(self.in_flight, started, now):
            return
        self._refusals += 1
        own_wait_s = min(_LONGEST_GATE_S, max(self._concurrency.rtt_s, 0.05) * 2.0 ** min(self._refusals - 1, 10))
        wait_s = own_wait_s if error.retry_after_s is None else error.retry_after_s
        self._gate_until = max(self._gate_until, now + wait_s)
        self._rate.end_cycle(self._gate_until - now, now, is_named=error.retry_after_s is not None)

    def _learn_limits(self, headers: Mapping[str, str], now: float) -> None:
        """Adopt the limits that a server names in its headers; those of the recipe take precedence."""
        self._has_learned = True
        if self._requests is None:
            self._requests = _bucket(per_minute(headers, "requests"), now)
        if self._tokens is None:
            self._tokens = _bucket(per_minute(headers, "tokens"), now)

    def _wait_s(self, now: float) -> float | None:
        """Return 0 if a request may be sent now, None if only a reply can change that."""
        if self._unlimited:
            return 0.0
        slot_wait_s = self._concurrency.wait_s(self.in_flight, now)
        if slot_wait_s is None:
            return None
        has_waiting = [slot_wait_s, self._gate_until - now, self._rate.wait_s(now)]
        has_waiting.extend(bucket.wait_s(now) for bucket in (self._requests, self._tokens) if bucket is not None)
        return max(0.0, *has_waiting)


def _bucket(per_minute_limit: float | None, now: float) -> TokenBucket | None:
    return None if per_minute_limit is None else TokenBucket(per_minute_limit / 60, now)


def unavailable_error(reason: str, error: CallError, where: str) -> TeacherError:
    """Return the error that ends a run whose teacher cannot answer, with the remedy."""
    detail = f": {error.detail}" if error.detail else ""
    remedies = {
        "fatal": "check the key, the model and base_url, then run again: what was answered is kept",
        "request": "check the model, its parameters and base_url against what the server says",
        "rate_limited": "run again later: what was answered is kept",
        "transient": "run again when it is back: what was answered is kept, only the rest is asked",
    }
    return TeacherError(f"the teacher cannot answer: {reason}{detail}", where=where, remedy=remedies[error.kind])
