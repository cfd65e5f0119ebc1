"""The gateway: every call to a teacher goes through here, is admitted, retried, paid and counted."""

import asyncio
import time
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Final, Self

from synth_assets.core.request import Call, Failure, Outcome, Reply
from synth_assets.core.teacher_spec import Limits
from synth_assets.settings import DEFAULT_TIMING, Timing
from synth_assets.teacher.admission.budget import Budget, BudgetLedger, Reservation
from synth_assets.teacher.admission.request_queue import RequestQueue, open_queue
from synth_assets.teacher.call_error import CallError
from synth_assets.teacher.prices import Price
from synth_assets.teacher.transports.transport import Transport
from synth_assets.teacher.wire import Completion

_MOST_REFUSALS = 50
_TURN = 64
_BYTES_PER_TOKEN = 4
_TYPICAL_COMPLETION = 256

OnReply = Callable[[Call, Reply], None]


# This clock goes on while the machine sleeps, where there is such a clock (Linux).
_STEADY: Final = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


class SteadyClock:
    """The time of day, set once: a clock that is set in mid-run would put replies out of order."""

    __slots__ = ("_zero",)

    def __init__(self) -> None:
        self._zero = time.time() - time.clock_gettime(_STEADY)

    def now(self) -> float:
        """Return the seconds since 1970."""
        return self._zero + time.clock_gettime(_STEADY)


@dataclass(slots=True)
class GatewayStats:
    """What happened so far. A cost of None means that the price is not known."""

    asked: int = 0
    answered: int = 0
    failed: int = 0
    refused: int = 0
    retries: int = 0
    in_flight: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost_usd: float | None = 0.0
    lost: int = 0
    """Attempts whose answer may have been made and charged for, and never arrived."""
    started: float = field(default_factory=time.monotonic)


@dataclass(frozen=True, slots=True)
class Route:
    """All that a gateway needs to know about who answers."""

    transport: Transport
    limits: Limits
    price: Price | None
    max_tokens: int | None
    where: str
    unlimited: bool = False
    """Nothing limits how much may be asked at once."""
    limit_key: Hashable = field(repr=False, default=None)
    """Gateways with one key share the server's limits: it stands for one server, one API key and one model."""
    timing: Timing = DEFAULT_TIMING


class Gateway:
    """Asks one teacher, for one run of a stage. An asynchronous context manager."""

    def __init__(self, route: Route, budget: Budget, on_reply: OnReply | None) -> None:
        self.stats = GatewayStats(cost_usd=None if route.price is None else 0.0)
        self._route = route
        self._on_reply = on_reply
        self._budget_ledger = BudgetLedger(budget, route.price, route.max_tokens)
        self._queue: RequestQueue | None = None
        self._clock = SteadyClock()
        self._typical_completion = float(min(route.max_tokens or _TYPICAL_COMPLETION, _TYPICAL_COMPLETION))

    async def __aenter__(self) -> Self:
        route = self._route
        self._queue = open_queue(
            route.limits, route.where, limit_key=route.limit_key, unlimited=route.unlimited, timing=route.timing
        )
        await route.transport.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._queue is not None:
            self._queue.close()
        await self._route.transport.__aexit__(kind, error, trace)

    @property
    def queue(self) -> RequestQueue:
        """The queue before the server; it exists once the gateway is entered."""
        if self._queue is None:
            raise RuntimeError("the gateway is used before it is entered: `async with teacher.gateway() as g`")
        return self._queue

    async def ask(self, call: Call) -> Outcome:
        """Return the answer to one call, or why this one has none.

        Raises TeacherError if nobody can be answered (a key that is not accepted, a server that is gone)
        and BudgetError before the budget is passed: both end the run, what was answered is kept.
        """
        self.queue.raise_if_stopped()
        self.stats.asked += 1
        if self._route.unlimited and self.stats.asked % _TURN == 0:
            await asyncio.sleep(0)  # answers that wait for nothing would leave nobody else a turn
        outcome = await self._attempts(call, self._route.transport.encode(call))
        self.stats.failed += isinstance(outcome, Failure)
        return outcome

    async def _attempts(self, call: Call, body: bytes) -> Outcome:
        tokens = len(body) // _BYTES_PER_TOKEN + int(self._typical_completion)
        attempts = faults = refusals = 0
        reservation: Reservation | None = None
        try:
            while True:
                attempts += 1
                reservation = reservation or await self._budget_ledger.reserve(len(body))
                outcome = await self._once(call, body, tokens, attempts)
                if isinstance(outcome, Reply):
                    self._budget_ledger.pay(reservation, outcome)
                    reservation = None
                    self._accept(call, outcome)
                    return outcome
                if outcome.billed:
                    self._budget_ledger.forfeit(reservation)
                    reservation = None
                    self.stats.lost += 1
                refusals += outcome.kind == "rate_limited"
                faults += outcome.kind == "transient" and not (outcome.absent and self.queue.is_silent())
                if outcome.kind == "request" or faults > self._route.limits.retries or refusals > _MOST_REFUSALS:
                    return Failure(outcome.reason, outcome.detail, attempts)
                self.stats.retries += 1
                if outcome.kind == "transient":
                    await self.queue.back_off(attempts - refusals, outcome.retry_after_s or 0.0)
        finally:
            if reservation is not None:
                self._budget_ledger.release(reservation)

    async def _once(self, call: Call, body: bytes, tokens: int, attempt: int) -> Reply | CallError:
        queue, stats = self.queue, self.stats
        await queue.acquire(tokens, is_retry=attempt > 1)
        stats.in_flight += 1
        asked_at, started = self._clock.now(), time.monotonic()
        try:
            outcome = await self._send(call, body)
            latency_s = time.monotonic() - started
            if isinstance(outcome, CallError):
                stats.refused += outcome.kind == "rate_limited"
                queue.record_failure(outcome, started)
                return outcome
            answer, headers = outcome
            queue.record_reply(latency_s, answer.prompt_tokens + answer.completion_tokens - tokens, headers)
        finally:
            stats.in_flight -= 1
            queue.release()
        return Reply(
            text=answer.text,
            finish_reason=answer.finish_reason,
            model=answer.model or call.target.model,
            prompt_tokens=answer.prompt_tokens,
            completion_tokens=answer.completion_tokens,
            cost_usd=self._cost_usd(answer),
            latency_s=latency_s,
            attempts=attempt,
            asked_at=asked_at,
            tool_calls=answer.tool_calls,
        )

    async def _send(self, call: Call, body: bytes) -> tuple[Completion, Mapping[str, str]] | CallError:
        try:
            return await self._route.transport.send(call, body)
        except CallError as error:
            return error

    def _accept(self, call: Call, reply: Reply) -> None:
        stats = self.stats
        stats.answered += 1
        stats.prompt_tokens += reply.prompt_tokens
        stats.completion_tokens += reply.completion_tokens
        if stats.cost_usd is not None:
            stats.cost_usd += reply.cost_usd or 0.0
        self._typical_completion += 0.05 * (reply.completion_tokens - self._typical_completion)
        if self._on_reply is not None:
            self._on_reply(call, reply)

    def _cost_usd(self, answer: Completion) -> float | None:
        price = self._route.price
        if price is None or not answer.counted:
            return None
        return price.cost_usd(answer.prompt_tokens, answer.completion_tokens)
