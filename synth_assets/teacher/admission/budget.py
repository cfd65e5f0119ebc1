"""Stops a run before its budget is exceeded, calls in flight included."""

import asyncio
from collections import deque
from dataclasses import dataclass

from synth_assets.core.errors import BudgetError, RecipeError
from synth_assets.core.request import Reply
from synth_assets.teacher.prices import Price

_TOKENS_PER_BYTE = 0.4
_UNBOUNDED_COMPLETION = 4096


@dataclass(frozen=True, slots=True)
class Budget:
    """The most that a run may spend; None is no limit."""

    usd: float | None = None
    calls: int | None = None
    tokens: int | None = None

    def __bool__(self) -> bool:
        return not (self.usd is None and self.calls is None and self.tokens is None)


@dataclass(frozen=True, slots=True)
class Reservation:
    """What is reserved for one call: the most it can cost."""

    usd: float
    calls: int
    tokens: int


NOTHING = Reservation(0.0, 0, 0)


class BudgetLedger:
    """Reserves the most each call can cost, and settles what it did cost.

    The most is certain where `max_tokens` is set; without it an answer is assumed to have at most 4,096 tokens.
    A call waits while calls in flight reserve what it needs, and is refused if even their release would not do.
    """

    def __init__(self, budget: Budget, price: Price | None, max_tokens: int | None) -> None:
        if budget.usd is not None and price is None:
            raise RecipeError(
                "the budget is in USD, but the price of this model is not known",
                remedy="add the model to prices.yaml in SYNTH_HOME, or set the budget in calls or tokens",
            )
        self._budget = budget
        self._price = price
        self._completion = max_tokens or _UNBOUNDED_COMPLETION
        self._spent = NOTHING
        self._reserved = NOTHING
        self._waiting: deque[asyncio.Future[None]] = deque()

    @property
    def spent(self) -> Reservation:
        """Return what was paid, and what may have been charged for answers that never arrived."""
        return self._spent

    async def reserve(self, body_bytes: int) -> Reservation:
        """Reserve what a call may cost; raise BudgetError if the budget has no room for it any more."""
        if not self._budget:
            return NOTHING
        prompt_tokens = int(body_bytes * _TOKENS_PER_BYTE) + 16
        usd = self._price.cost_usd(prompt_tokens, self._completion) if self._price else 0.0
        reservation = Reservation(usd, 1, prompt_tokens + self._completion)
        while not self._fits(reservation, self._reserved):
            self._check(reservation)
            turn = asyncio.get_running_loop().create_future()
            self._waiting.append(turn)
            await turn
        self._reserved = _sum(self._reserved, reservation, 1)
        return reservation

    def pay(self, reservation: Reservation, reply: Reply) -> None:
        """Settle a call that was answered: what it cost is spent, the rest is released."""
        if reservation is NOTHING:
            return
        tokens = reply.prompt_tokens + reply.completion_tokens
        usd = reservation.usd if reply.cost_usd is None else reply.cost_usd
        self._settle(reservation, Reservation(usd, 1, tokens or reservation.tokens))

    def release(self, reservation: Reservation) -> None:
        """Release what was reserved: the call was not answered and cost nothing."""
        if reservation is not NOTHING:
            self._settle(reservation, NOTHING)

    def forfeit(self, reservation: Reservation) -> None:
        """Spend all that was reserved: an answer may have been made and charged for without arriving."""
        if reservation is not NOTHING:
            self._settle(reservation, reservation)

    def _settle(self, reservation: Reservation, spent: Reservation) -> None:
        self._reserved = _sum(self._reserved, reservation, -1)
        self._spent = _sum(self._spent, spent, 1)
        waiting, self._waiting = self._waiting, deque()
        for turn in waiting:
            if not turn.done():
                turn.set_result(None)

    def _fits(self, reservation: Reservation, reserved: Reservation) -> bool:
        budget, spent = self._budget, self._spent
        return (
            (budget.usd is None or spent.usd + reserved.usd + reservation.usd <= budget.usd)
            and (budget.calls is None or spent.calls + reserved.calls + reservation.calls <= budget.calls)
            and (budget.tokens is None or spent.tokens + reserved.tokens + reservation.tokens <= budget.tokens)
        )

    def _check(self, reservation: Reservation) -> None:
        if self._reserved.calls and self._fits(reservation, NOTHING):
            return
        limits = {"usd": self._budget.usd, "calls": self._budget.calls, "tokens": self._budget.tokens}
        limits_text = ", ".join(f"{name} {limit:g}" for name, limit in limits.items() if limit is not None)
        spent = self._spent
        raise BudgetError(
            f"what was left of the budget for this stage ({limits_text}) has no room for another call:"
            f" {spent.calls} calls, {spent.tokens} tokens" + (f", {spent.usd:.4f} USD" if self._price else ""),
            remedy="what was answered is kept; raise the budget and run again, only the rest is asked",
        )


def _sum(left: Reservation, right: Reservation, sign: int) -> Reservation:
    return Reservation(left.usd + sign * right.usd, left.calls + sign * right.calls, left.tokens + sign * right.tokens)
