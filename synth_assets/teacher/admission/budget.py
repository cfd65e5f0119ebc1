"""The budget of a run: a hard stop before it is passed, with the calls in flight counted in."""

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
    """What is set aside for one call: the most it can take."""

    usd: float
    calls: int
    tokens: int


NOTHING = Reservation(0.0, 0, 0)


class BudgetLedger:
    """Sets aside the most each call can take, and pays what it took.

    The most is certain where `max_tokens` is set; without it an answer is taken to have 4,096 tokens at most.
    A call waits while calls in flight hold what it needs, and is turned away if even their return would not do.
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
        self._held = NOTHING
        self._waiting: deque[asyncio.Future[None]] = deque()

    @property
    def spent(self) -> Reservation:
        """What was paid, and what may have been charged for answers that never arrived."""
        return self._spent

    async def hold(self, body_bytes: int) -> Reservation:
        """Sets aside what a call may take; BudgetError if the budget has no room for it any more."""
        if not self._budget:
            return NOTHING
        prompt_tokens = int(body_bytes * _TOKENS_PER_BYTE) + 16
        usd = self._price.cost_usd(prompt_tokens, self._completion) if self._price else 0.0
        hold = Reservation(usd, 1, prompt_tokens + self._completion)
        while not self._fits(hold, self._held):
            self._check(hold)
            turn = asyncio.get_running_loop().create_future()
            self._waiting.append(turn)
            await turn
        self._held = _sum(self._held, hold, 1)
        return hold

    def pay(self, hold: Reservation, reply: Reply) -> None:
        """The call was answered: what it took is spent, the rest comes back."""
        if hold is NOTHING:
            return
        tokens = reply.prompt_tokens + reply.completion_tokens
        usd = hold.usd if reply.cost_usd is None else reply.cost_usd
        self._settle(hold, Reservation(usd, 1, tokens or hold.tokens))

    def give_back(self, hold: Reservation) -> None:
        """The call was not answered and cost nothing."""
        if hold is not NOTHING:
            self._settle(hold, NOTHING)

    def forfeit(self, hold: Reservation) -> None:
        """An answer may have been made and charged for without arriving: all that was set aside is spent."""
        if hold is not NOTHING:
            self._settle(hold, hold)

    def _settle(self, hold: Reservation, taken: Reservation) -> None:
        self._held = _sum(self._held, hold, -1)
        self._spent = _sum(self._spent, taken, 1)
        waiting, self._waiting = self._waiting, deque()
        for turn in waiting:
            if not turn.done():
                turn.set_result(None)

    def _fits(self, hold: Reservation, held: Reservation) -> bool:
        budget, spent = self._budget, self._spent
        return (
            (budget.usd is None or spent.usd + held.usd + hold.usd <= budget.usd)
            and (budget.calls is None or spent.calls + held.calls + hold.calls <= budget.calls)
            and (budget.tokens is None or spent.tokens + held.tokens + hold.tokens <= budget.tokens)
        )

    def _check(self, hold: Reservation) -> None:
        if self._held.calls and self._fits(hold, NOTHING):
            return
        limits = {"usd": self._budget.usd, "calls": self._budget.calls, "tokens": self._budget.tokens}
        said = ", ".join(f"{name} {limit:g}" for name, limit in limits.items() if limit is not None)
        spent = self._spent
        raise BudgetError(
            f"what was left of the budget for this stage ({said}) has no room for another call:"
            f" {spent.calls} calls, {spent.tokens} tokens" + (f", {spent.usd:.4f} USD" if self._price else ""),
            remedy="what was answered is kept; raise the budget and run again, only the rest is asked",
        )


def _sum(left: Reservation, right: Reservation, sign: int) -> Reservation:
    return Reservation(left.usd + sign * right.usd, left.calls + sign * right.calls, left.tokens + sign * right.tokens)
