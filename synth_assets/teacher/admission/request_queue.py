"""A gateway's place in the traffic: its own queue, its pauses, and its way home when the teacher is gone."""

import asyncio
import random
import threading
from collections import deque
from collections.abc import Callable, Hashable, Mapping

from synth_assets.core.errors import TeacherError
from synth_assets.core.teacher_spec import Limits
from synth_assets.teacher.admission.breaker import RejectionCounter
from synth_assets.teacher.admission.rate_controller import LOCK, RateController, unavailable_error
from synth_assets.teacher.call_error import CallError

_BACKOFF_S = 0.5

_open: dict[Hashable, RateController] = {}
"""The traffic that somebody takes part in. It belongs to the process, since that is what a server sees."""


def open_queue(limits: Limits, where: str, *, road: Hashable = None, endless: bool = False) -> "RequestQueue":
    """A lane of a road: all that are open at once on one road share what the server stands. None is a road alone."""
    now = asyncio.get_running_loop().time()
    with LOCK:
        traffic = _open.get(road) if road is not None else None
        if traffic is None:
            traffic = RateController(limits, where, now, endless=endless)
        lane = RequestQueue(traffic, road)
        if road is not None:
            _open[road] = traffic
            traffic.forget_the_dead()
        return lane


class RequestQueue:
    """Requests go in the order they came, those asked again first. Belongs to the event loop it is made in."""

    def __init__(self, traffic: RateController, road: Hashable = None) -> None:
        self._loop = asyncio.get_running_loop()
        self._thread = threading.get_ident()
        self._traffic = traffic
        self._road = road
        self._queue: deque[tuple[asyncio.Future[None], int]] = deque()
        self._pausing: set[asyncio.Future[None]] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._is_called_back = False
        self._welcome = RejectionCounter()
        self._stopped: TeacherError | None = None
        self._in_flight = 0
        traffic.lanes.append(self)

    def gone_quiet(self) -> bool:
        """Whether nobody gets an answer any more: then no single call is to blame."""
        return self._traffic.gone_quiet()

    async def enter(self, tokens: int, *, again: bool = False) -> None:
        """Waits for a turn, and takes it; TeacherError once the run is stopped."""
        with LOCK:
            self.check()
            now = self._loop.time()
            if self._traffic.is_open(now):
                self._in_flight += 1
                self._traffic.go(tokens, now)
                return
            turn = self._loop.create_future()
            (self._queue.appendleft if again else self._queue.append)((turn, tokens))
            self._traffic.pump(now)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled() and turn.exception() is None:
                self.left()
            raise

    def left(self) -> None:
        """A request is no longer in flight."""
        with LOCK:
            if self._in_flight:  # none is once the lane is closed
                self._in_flight -= 1
                self._traffic.left(1, self._loop.time())

    def answered(self, latency_s: float, tokens_beyond: int, headers: Mapping[str, str]) -> None:
        """A reply came; it took so many tokens more (or fewer) than was thought."""
        self._welcome.answered()
        with LOCK:
            self._traffic.answered(latency_s, tokens_beyond, headers, self._loop.time())

    def failed(self, setback: CallError, started: float) -> None:
        """An attempt brought nothing; TeacherError if that ends the run."""
        if setback.kind == "row":
            reason = self._welcome.turned_away(setback)
            if reason is not None:
                self.stop(unavailable_error(reason, setback, self._traffic.where))
        else:
            with LOCK:
                self._traffic.failed(setback, started, self._loop.time())
        self.check()

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
            raise _again(self._stopped)

    def close(self) -> None:
        """Gives back what it holds; no timer outlives the run."""
        with LOCK:
            if self._timer is not None:
                self._timer.cancel()
            self._queue.clear()
            held, self._in_flight = self._in_flight, 0
            if self in self._traffic.lanes:
                self._traffic.lanes.remove(self)
            if not self._traffic.lanes and _open.get(self._road) is self._traffic:
                del _open[self._road]
            self._traffic.left(held, self._loop.time())

    def is_dead(self) -> bool:
        """Whether its loop was closed over its head."""
        return self._loop.is_closed()

    def waits(self) -> bool:
        """Whether a request waits for its turn; who does not wait any more is left out."""
        while self._queue and self._queue[0][0].done():
            self._queue.popleft()
        return bool(self._queue)

    def takes_part(self) -> int:
        """How many requests are in flight, or wait to be repeated."""
        return self._in_flight + len(self._pausing)

    def let_go(self, now: float) -> None:
        """The first has its turn."""
        turn, tokens = self._queue.popleft()
        self._in_flight += 1
        self._traffic.go(tokens, now)
        self._tell(self._hand_over, turn)

    def call_back(self, wait_s: float) -> None:
        """Looks again after so long: each lane for itself, as the thread of another may be busy or gone."""
        if not self._is_called_back or threading.get_ident() == self._thread:
            self._is_called_back = True
            self._tell(self._set_timer, wait_s)

    def stop(self, error: TeacherError) -> None:
        """Sends everyone home who waits; who is in flight may still come back."""
        with LOCK:
            self._stopped = self._stopped or error
            turns = [turn for turn, _ in self._queue]
            self._queue.clear()
            self._tell(self._send_home, turns)

    def _tell(self, act: Callable[..., None], *what: object) -> None:
        """Futures and timers are for the thread of their loop alone."""
        if threading.get_ident() == self._thread:
            act(*what)
            return
        try:
            self._loop.call_soon_threadsafe(act, *what)
        except RuntimeError:  # dead: nobody waits there any more
            self.close()

    def _hand_over(self, turn: asyncio.Future[None]) -> None:
        if turn.done():
            self.left()  # who waited is gone; the turn is the next one's
        else:
            turn.set_result(None)

    def _set_timer(self, wait_s: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_later(wait_s, self._look_again)

    def _look_again(self) -> None:
        with LOCK:
            self._is_called_back = False
            self._traffic.pump(self._loop.time())

    def _send_home(self, turns: list[asyncio.Future[None]]) -> None:
        for turn in turns:
            if not turn.done() and self._stopped is not None:
                turn.set_exception(_again(self._stopped))
        for turn in self._pausing:
            _wake(turn)


def _wake(turn: asyncio.Future[None]) -> None:
    if not turn.done():
        turn.set_result(None)


def _again(error: TeacherError) -> TeacherError:
    return TeacherError(error.message, where=error.where, remedy=error.remedy)
