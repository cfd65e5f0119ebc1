"""What a server stands, and whose turn it is: one for all of this process who ask it with one key."""

import threading
from collections import deque
from collections.abc import Mapping
from typing import Final, Protocol

from synth_assets.core.errors import TeacherError
from synth_assets.core.teacher_spec import Limits
from synth_assets.teacher.admission.breaker import Breaker
from synth_assets.teacher.admission.concurrency_limit import ConcurrencyLimit
from synth_assets.teacher.admission.rate_estimator import RateEstimator
from synth_assets.teacher.admission.token_bucket import TokenBucket, per_minute
from synth_assets.teacher.call_error import CallError

_LONGEST_GATE_S = 10.0

LOCK: Final = threading.RLock()
"""Held while anything here is looked at or changed, for microseconds: gateways may live in several threads."""


class Queue(Protocol):
    """A gateway's lane, as the traffic sees it. All of it may be called from any thread that has the lock."""

    def waits(self) -> bool:
        """Whether a request of it waits for its turn."""

    def is_dead(self) -> bool:
        """Whether its stage ended without a word."""

    def close(self) -> None:
        """It takes part no more."""

    def takes_part(self) -> int:
        """How many requests it has in flight, or waits to repeat."""

    def let_go(self, now: float) -> None:
        """Its first request has its turn."""

    def call_back(self, wait_s: float) -> None:
        """Nothing can go for so long."""

    def stop(self, error: TeacherError) -> None:
        """Nobody is answered any more."""


class RateController:
    """Lets requests go one by one, the lanes in turn.

    Who may go is settled here alone: requests in flight (`Window`), the pace (`Pace`), requests and tokens
    a minute (`Bucket`), the gate that a refusal closes, and the breaker, which sends everyone home.
    """

    def __init__(self, limits: Limits, where: str, now: float, *, endless: bool = False) -> None:
        self.where = where
        self.in_flight = 0
        self.lanes: deque[Queue] = deque()
        self._endless = endless
        self._window = ConcurrencyLimit(limits.concurrency, now)
        self._pace = RateEstimator(now)
        self._breaker = Breaker()
        self._requests = _bucket(limits.requests_per_minute, now)
        self._tokens = _bucket(limits.tokens_per_minute, now)
        self._has_learned = False
        self._gate_until = 0.0
        self._refusals = 0

    def gone_quiet(self) -> bool:
        """Whether many attempts failed and none was answered since: then no single call is to blame."""
        return self._breaker.gone_quiet

    def pump(self, now: float) -> None:
        """Lets go whoever may; the lane that went longest ago is the next."""
        while (lane := self._next()) is not None:
            wait_s = self._wait_s(now)
            if wait_s is None:
                return
            if wait_s > 0:
                for other in list(self.lanes):
                    if other.waits():
                        other.call_back(wait_s)
                return
            if len(self.lanes) > 1:
                self.lanes.remove(lane)
                self.lanes.append(lane)
            lane.let_go(now)

    def forget_the_dead(self) -> None:
        """What they had in flight keeps nobody waiting."""
        for lane in [lane for lane in self.lanes if lane.is_dead()]:
            lane.close()

    def is_open(self, now: float) -> bool:
        """Whether a request that comes now need not wait."""
        return self._next() is None and self._wait_s(now) == 0.0

    def go(self, tokens: int, now: float) -> None:
        """A request goes."""
        self.in_flight += 1
        self._pace.sent(now)
        if self._requests is not None:
            self._requests.take(1, now)
        if self._tokens is not None:
            self._tokens.take(tokens, now)

    def left(self, requests: int, now: float) -> None:
        """So many requests are no longer in flight."""
        self.in_flight -= requests
        self.pump(now)

    def answered(self, latency_s: float, tokens_beyond: int, headers: Mapping[str, str], now: float) -> None:
        """A reply came; it took so many tokens more (or fewer) than was thought."""
        self._breaker.answered(now)
        self._refusals = 0
        self._window.answered(self.in_flight, latency_s, now, paced=self._pace.rate_per_s is not None)
        if not self._has_learned:
            self._learn(headers, now)
        if self._tokens is not None:
            self._tokens.take(tokens_beyond, now)

    def failed(self, setback: CallError, started: float, now: float) -> None:
        """An attempt brought nothing. Ends the lanes that it ends."""
        active = sum(lane.takes_part() for lane in self.lanes)
        reason = self._breaker.verdict(setback, active, started, now)
        if reason is not None:
            self._breaker = Breaker()  # whoever comes later finds out for themselves
            error = unavailable_error(reason, setback, self.where)
            for lane in list(self.lanes):
                # A key that is not accepted is everybody's. Silence ends only those who heard it.
                if setback.kind == "fatal" or lane.takes_part() or lane.waits():
                    lane.stop(error)
        elif setback.kind == "refused":
            self._shut_gate(setback, started, now)
        elif setback.reason == "timed out":
            self._window.lost(self.in_flight, started, now)

    def _next(self) -> Queue | None:
        for lane in self.lanes:  # one, nearly always
            if lane.waits():
                return lane
        return None

    def _shut_gate(self, setback: CallError, started: float, now: float) -> None:
        """Refusals of what was sent before the gate was shut say nothing new."""
        self._pace.refused(started)
        if not self._window.refused(self.in_flight, started, now):
            return
        self._refusals += 1
        backoff_s = min(_LONGEST_GATE_S, max(self._window.rtt_s, 0.05) * 2.0 ** min(self._refusals - 1, 10))
        wait_s = backoff_s if setback.retry_after_s is None else setback.retry_after_s
        self._gate_until = max(self._gate_until, now + wait_s)
        self._pace.pause(self._gate_until - now, now, told=setback.retry_after_s is not None)

    def _learn(self, headers: Mapping[str, str], now: float) -> None:
        """A limit that the recipe names goes before one that the server names."""
        self._has_learned = True
        if self._requests is None:
            self._requests = _bucket(per_minute(headers, "requests"), now)
        if self._tokens is None:
            self._tokens = _bucket(per_minute(headers, "tokens"), now)

    def _wait_s(self, now: float) -> float | None:
        """0 if a request may go now, None if only a reply can change that."""
        if self._endless:
            return 0.0
        in_turn = self._window.wait_s(self.in_flight, now)
        if in_turn is None:
            return None
        waits = [in_turn, self._gate_until - now, self._pace.wait_s(now)]
        waits.extend(bucket.wait_s(now) for bucket in (self._requests, self._tokens) if bucket is not None)
        return max(0.0, *waits)


def _bucket(per_minute_limit: float | None, now: float) -> TokenBucket | None:
    return None if per_minute_limit is None else TokenBucket(per_minute_limit / 60, now)


def unavailable_error(reason: str, setback: CallError, where: str) -> TeacherError:
    """What is told to everyone who is sent home, with the remedy."""
    said = f": {setback.detail}" if setback.detail else ""
    remedies = {
        "fatal": "check the key, the model and base_url, then run again: what was answered is kept",
        "row": "check the model, its parameters and base_url against what the server says",
        "refused": "run again later: what was answered is kept",
        "passing": "run again when it is back: what was answered is kept, only the rest is asked",
    }
    return TeacherError(f"the teacher cannot answer: {reason}{said}", where=where, remedy=remedies[setback.kind])
