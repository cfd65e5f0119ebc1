"""Whose turn it is: one queue before a server, held to what the server stands."""

import asyncio
import random
from collections import deque
from collections.abc import Mapping

from synth_assets.core.errors import TeacherError
from synth_assets.core.teacher import Limits
from synth_assets.teacher.breaker import Breaker
from synth_assets.teacher.limiter import Bucket, per_minute
from synth_assets.teacher.pace import Pace
from synth_assets.teacher.setback import Setback
from synth_assets.teacher.window import Window

_BACKOFF_S = 0.5
_LONGEST_GATE_S = 10.0


class Traffic:
    """Lets requests go one by one, in the order they came, those asked again first.

    Who may go is settled here alone: requests in flight (`Window`), the pace (`Pace`), requests and tokens
    a minute (`Bucket`), the gate that a refusal closes, and the breaker, which sends everyone home.
    """

    def __init__(self, limits: Limits, where: str, *, endless: bool = False) -> None:
        loop = asyncio.get_running_loop()
        now = loop.time()
        self._loop = loop
        self._endless = endless
        self._where = where
        self._window = Window(limits.concurrency, now)
        self._pace = Pace(now)
        self._breaker = Breaker()
        self._requests = _bucket(limits.requests_per_minute, now)
        self._tokens = _bucket(limits.tokens_per_minute, now)
        self._queue: deque[tuple[asyncio.Future[None], int]] = deque()
        self._pausing: set[asyncio.Future[None]] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._gate_until = 0.0
        self._refusals = 0
        self._stopped: TeacherError | None = None
        self.in_flight = 0

    @property
    def concurrency(self) -> int:
        """How many requests may be in flight now."""
        return int(self._window.limit)

    def gone_quiet(self) -> bool:
        """Whether many attempts failed and none was answered since: then no single call is to blame."""
        return self._breaker.gone_quiet

    async def enter(self, tokens: int, *, again: bool = False) -> None:
        """Waits for a turn, and takes it; TeacherError once the run is stopped."""
        self.check()
        if not self._queue and self._wait_s() == 0.0:
            self._go(tokens)
            return
        turn = self._loop.create_future()
        (self._queue.appendleft if again else self._queue.append)((turn, tokens))
        self._pump()
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled() and turn.exception() is None:
                self.left()
            raise

    def left(self) -> None:
        """A request is no longer in flight."""
        self.in_flight -= 1
        self._pump()

    def answered(self, latency_s: float, tokens_beyond: int, headers: Mapping[str, str]) -> None:
        """A reply came; it took so many tokens more (or fewer) than was thought."""
        now = self._loop.time()
        first = self._breaker.answered_at is None
        self._breaker.answered(now)
        self._refusals = 0
        self._window.answered(self.in_flight, latency_s, now, paced=self._pace.rate_per_s is not None)
        if first:
            self._learn(headers, now)
        if self._tokens is not None:
            self._tokens.take(tokens_beyond, now)

    def failed(self, setback: Setback, started: float) -> None:
        """An attempt brought nothing; TeacherError if that ends the run."""
        now = self._loop.time()
        active = self.in_flight + len(self._pausing)
        reason = self._breaker.verdict(setback, active, started, now)
        if reason is not None:
            self.stop(_gone(reason, setback, self._where))
        self.check()
        if setback.kind == "refused":
            self._shut_gate(setback, started, now)
        elif setback.reason == "timed out":
            self._window.lost(self.in_flight, started, now)

    async def pause(self, attempt: int, at_least_s: float) -> None:
        """Waits before a call is asked again: longer each time, and never all together."""
        delay_s = max(at_least_s, random.random() * _BACKOFF_S * 2.0 ** min(attempt - 1, 6))
        turn = self._loop.create_future()
        self._pausing.add(turn)
        timer = self._loop.call_later(delay_s, _wake, turn)
        try:
            await turn
        finally:
            timer.cancel()
            self._pausing.discard(turn)
        self.check()

    def check(self) -> None:
        """TeacherError once the run is stopped: a new one each time, so that no traceback grows."""
        if self._stopped is not None:
            stopped = self._stopped
            raise TeacherError(stopped.message, where=stopped.where, remedy=stopped.remedy)

    def stop(self, error: TeacherError) -> None:
        """Sends everyone home who waits; who is in flight may still come back."""
        self._stopped = self._stopped or error
        for turn, _ in self._queue:
            if not turn.done():
                turn.set_exception(TeacherError(error.message, where=error.where, remedy=error.remedy))
        self._queue.clear()
        for turn in self._pausing:
            _wake(turn)

    def close(self) -> None:
        """No timer outlives the run."""
        if self._timer is not None:
            self._timer.cancel()

    def _shut_gate(self, setback: Setback, started: float, now: float) -> None:
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
        if self._requests is None:
            self._requests = _bucket(per_minute(headers, "requests"), now)
        if self._tokens is None:
            self._tokens = _bucket(per_minute(headers, "tokens"), now)

    def _pump(self) -> None:
        while self._queue:
            if self._queue[0][0].done():
                self._queue.popleft()
                continue
            wait_s = self._wait_s()
            if wait_s is None:
                return
            if wait_s > 0:
                self._call_back(wait_s)
                return
            turn, tokens = self._queue.popleft()
            self._go(tokens)
            turn.set_result(None)

    def _go(self, tokens: int) -> None:
        now = self._loop.time()
        self.in_flight += 1
        self._pace.sent(now)
        if self._requests is not None:
            self._requests.take(1, now)
        if self._tokens is not None:
            self._tokens.take(tokens, now)

    def _wait_s(self) -> float | None:
        """0 if a request may go now, None if only a reply can change that."""
        if self._endless:
            return 0.0
        now = self._loop.time()
        in_turn = self._window.wait_s(self.in_flight, now)
        if in_turn is None:
            return None
        waits = [in_turn, self._gate_until - now, self._pace.wait_s(now)]
        waits.extend(bucket.wait_s(now) for bucket in (self._requests, self._tokens) if bucket is not None)
        return max(0.0, *waits)

    def _call_back(self, wait_s: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_later(wait_s, self._pump)


def _wake(turn: asyncio.Future[None]) -> None:
    if not turn.done():
        turn.set_result(None)


def _bucket(per_minute_limit: float | None, now: float) -> Bucket | None:
    return None if per_minute_limit is None else Bucket(per_minute_limit / 60, now)


def _gone(reason: str, setback: Setback, where: str) -> TeacherError:
    said = f": {setback.detail}" if setback.detail else ""
    remedies = {
        "fatal": "check the key, the model and base_url, then run again: what was answered is kept",
        "row": "check the model, its parameters and base_url against what the server says",
        "refused": "run again later: what was answered is kept",
        "passing": "run again when it is back: what was answered is kept, only the rest is asked",
    }
    return TeacherError(f"the teacher cannot answer: {reason}{said}", where=where, remedy=remedies[setback.kind])
