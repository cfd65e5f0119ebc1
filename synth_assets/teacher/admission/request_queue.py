"""A gateway's queue before a server: requests wait here to be admitted, back off, and end when the run is stopped."""

import asyncio
import random
import threading
from collections import deque
from collections.abc import Callable, Hashable, Mapping

from synth_assets.core.errors import TeacherError
from synth_assets.core.teacher_spec import Limits
from synth_assets.settings import DEFAULT_TIMING, Timing
from synth_assets.teacher.admission.breaker import RejectionCounter
from synth_assets.teacher.admission.rate_controller import LOCK, RateController, unavailable_error
from synth_assets.teacher.call_error import CallError

_controllers: dict[Hashable, RateController] = {}
"""The controllers in use, one for the process, since that is what a server sees."""


def open_queue(
    limits: Limits, where: str, *, limit_key: Hashable = None, unlimited: bool = False, timing: Timing = DEFAULT_TIMING
) -> "RequestQueue":
    """Open a queue. All that are open at once under one key share the server's limits; None shares with nobody."""
    now = asyncio.get_running_loop().time()
    with LOCK:
        controller = _controllers.get(limit_key) if limit_key is not None else None
        if controller is None:
            controller = RateController(limits, where, now, unlimited=unlimited, patience_s=timing.patience_s)
        queue = RequestQueue(controller, limit_key, timing.backoff_s)
        if limit_key is not None:
            _controllers[limit_key] = controller
            controller.remove_abandoned()
        return queue


class RequestQueue:
    """Admits requests in the order they came, retries first. Belongs to the event loop it is made in."""

    def __init__(
        self, controller: RateController, limit_key: Hashable = None, backoff_s: float = DEFAULT_TIMING.backoff_s
    ) -> None:
        self._backoff_s = backoff_s
        self._loop = asyncio.get_running_loop()
        self._thread = threading.get_ident()
        self._controller = controller
        self._limit_key = limit_key
        self._queue: deque[tuple[asyncio.Future[None], int]] = deque()
        self._pausing: set[asyncio.Future[None]] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._has_wake_up = False
        self._rejections = RejectionCounter()
        self._stopped: TeacherError | None = None
        self._in_flight = 0
        controller.queues.append(self)

    def is_silent(self) -> bool:
        """Return whether nobody gets a reply any more: then no single call is to blame."""
        return self._controller.is_silent()

    async def acquire(self, tokens: int, *, is_retry: bool = False) -> None:
        """Wait to be admitted; raise TeacherError once the run is stopped."""
        with LOCK:
            self.raise_if_stopped()
            now = self._loop.time()
            if self._controller.admits_now(now):
                self._in_flight += 1
                self._controller.admit(tokens, now)
                return
            turn = self._loop.create_future()
            (self._queue.appendleft if is_retry else self._queue.append)((turn, tokens))
            self._controller.dispatch(now)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled() and turn.exception() is None:
                self.release()
            raise

    def release(self) -> None:
        """Count a request that is no longer in flight."""
        with LOCK:
            if self._in_flight:  # none is once the queue is closed
                self._in_flight -= 1
                self._controller.release(1, self._loop.time())

    def record_reply(self, latency_s: float, extra_tokens: int, headers: Mapping[str, str]) -> None:
        """Learn from a reply, which took so many tokens more (or fewer) than estimated."""
        self._rejections.on_reply()
        with LOCK:
            self._controller.record_reply(latency_s, extra_tokens, headers, self._loop.time())

    def record_failure(self, error: CallError, started: float) -> None:
        """Learn from a failed attempt; raise TeacherError if that ends the run."""
        if error.kind == "request":
            reason = self._rejections.on_rejection(error)
            if reason is not None:
                self.stop(unavailable_error(reason, error, self._controller.where))
        else:
            with LOCK:
                self._controller.record_failure(error, started, self._loop.time())
        self.raise_if_stopped()

    async def back_off(self, attempt: int, at_least_s: float) -> None:
        """Wait before a retry: longer each time, and never all together."""
        delay_s = max(at_least_s, random.random() * self._backoff_s * 2.0 ** min(attempt - 1, 6))
        turn = self._loop.create_future()
        self._pausing.add(turn)
        timer = self._loop.call_later(delay_s, _resume, turn)
        try:
            await turn
        finally:
            timer.cancel()
            self._pausing.discard(turn)
        self.raise_if_stopped()

    def raise_if_stopped(self) -> None:
        """Raise TeacherError once the run is stopped: a new one each time, so that no traceback grows."""
        if self._stopped is not None:
            raise _copy_of(self._stopped)

    def close(self) -> None:
        """Release what is in flight and leave the controller; no timer outlives the run."""
        with LOCK:
            if self._timer is not None:
                self._timer.cancel()
            self._queue.clear()
            in_flight, self._in_flight = self._in_flight, 0
            if self in self._controller.queues:
                self._controller.queues.remove(self)
            if not self._controller.queues and _controllers.get(self._limit_key) is self._controller:
                del _controllers[self._limit_key]
            self._controller.release(in_flight, self._loop.time())

    def is_abandoned(self) -> bool:
        """Return whether its event loop was closed before the queue was."""
        return self._loop.is_closed()

    def has_waiting(self) -> bool:
        """Return whether a request waits to be admitted; those that were cancelled are dropped."""
        while self._queue and self._queue[0][0].done():
            self._queue.popleft()
        return bool(self._queue)

    def active_count(self) -> int:
        """Return how many requests are in flight or wait to be retried."""
        return self._in_flight + len(self._pausing)

    def admit_next(self, now: float) -> None:
        """Admit the first request."""
        turn, tokens = self._queue.popleft()
        self._in_flight += 1
        self._controller.admit(tokens, now)
        self._run_on_loop(self._grant, turn)

    def wake_after(self, wait_s: float) -> None:
        """Ask the controller again after so long: each queue for itself, as the thread of another may be busy."""
        if not self._has_wake_up or threading.get_ident() == self._thread:
            self._has_wake_up = True
            self._run_on_loop(self._set_timer, wait_s)

    def stop(self, error: TeacherError) -> None:
        """Fail all requests that wait; those in flight may still be answered."""
        with LOCK:
            self._stopped = self._stopped or error
            turns = [turn for turn, _ in self._queue]
            self._queue.clear()
            self._run_on_loop(self._cancel_all, turns)

    def _run_on_loop(self, callback: Callable[..., None], *arguments: object) -> None:
        """Call from the thread of the loop, to which futures and timers belong."""
        if threading.get_ident() == self._thread:
            callback(*arguments)
            return
        try:
            self._loop.call_soon_threadsafe(callback, *arguments)
        except RuntimeError:  # the loop is closed: nobody waits there any more
            self.close()

    def _grant(self, turn: asyncio.Future[None]) -> None:
        if turn.done():
            self.release()  # the request was cancelled: its turn is the next one's
        else:
            turn.set_result(None)

    def _set_timer(self, wait_s: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_later(wait_s, self._retry)

    def _retry(self) -> None:
        with LOCK:
            self._has_wake_up = False
            self._controller.dispatch(self._loop.time())

    def _cancel_all(self, turns: list[asyncio.Future[None]]) -> None:
        for turn in turns:
            if not turn.done() and self._stopped is not None:
                turn.set_exception(_copy_of(self._stopped))
        for turn in self._pausing:
            _resume(turn)


def _resume(turn: asyncio.Future[None]) -> None:
    if not turn.done():
        turn.set_result(None)


def _copy_of(error: TeacherError) -> TeacherError:
    return TeacherError(error.message, where=error.where, remedy=error.remedy)
