"""A budget is never passed, whatever the answers turn out to take."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synth_assets.core.errors import BudgetError, RecipeError
from synth_assets.core.request import Reply
from synth_assets.teacher.admission.budget import Budget, BudgetLedger
from synth_assets.teacher.prices import Price
from tests.support.virtual_time import run_virtually

PRICE = Price(prompt=1, completion=2)
MAX_TOKENS = 100


def reply(prompt: int, completion: int) -> Reply:
    cost = PRICE.cost_usd(prompt, completion)
    return Reply("", "stop", "m", prompt, completion, cost, 0.1, 1, 0.0)


async def spend(ledger: BudgetLedger, answers: list[tuple[int, int, str]]) -> list[str]:
    """Asks for all at once; each answer comes after a while, or is lost, or fails for nothing."""

    async def one(place: int, prompt: int, completion: int, end: str) -> str:
        hold = await ledger.reserve(body_bytes=1000)
        await asyncio.sleep(1 + place % 3)
        if end == "lost":
            ledger.forfeit(hold)
        elif end == "failed":
            ledger.release(hold)
        else:
            ledger.pay(hold, reply(prompt, completion))
        return end

    tasks = [one(place, *answer) for place, answer in enumerate(answers)]
    ended = await asyncio.gather(*tasks, return_exceptions=True)
    assert all(isinstance(end, str | BudgetError) for end in ended)
    return ["stopped" if isinstance(end, BudgetError) else end for end in ended]


ANSWERS = st.lists(
    st.tuples(st.integers(1, 400), st.integers(0, MAX_TOKENS), st.sampled_from(["ok", "ok", "ok", "lost", "failed"])),
    max_size=40,
)


@given(
    answers=ANSWERS,
    usd=st.none() | st.floats(0, 0.01),
    calls=st.none() | st.integers(0, 30),
    tokens=st.none() | st.integers(0, 9000),
)
def test_it_is_never_passed(
    answers: list[tuple[int, int, str]], usd: float | None, calls: int | None, tokens: int | None
) -> None:
    ledger = BudgetLedger(Budget(usd, calls, tokens), PRICE, MAX_TOKENS)
    ended = run_virtually(spend(ledger, answers))
    spent = ledger.spent
    assert usd is None or spent.usd <= usd
    assert calls is None or spent.calls <= calls
    assert tokens is None or spent.tokens <= tokens
    if usd is calls is tokens is None:
        assert "stopped" not in ended
    elif "stopped" not in ended:
        assert spent.calls == sum(end != "failed" for end in ended)


def test_calls_are_spent_to_the_last_one() -> None:
    ledger = BudgetLedger(Budget(calls=10), PRICE, None)
    assert run_virtually(spend(ledger, [(5, 5, "failed"), *[(5, 5, "ok")] * 20])).count("ok") == 10


def test_what_was_set_aside_and_not_taken_serves_the_next() -> None:
    ledger = BudgetLedger(Budget(tokens=1000), PRICE, MAX_TOKENS)
    ended = run_virtually(spend(ledger, [(20, 10, "ok")] * 40))
    assert ended.count("ok") > 1000 // (MAX_TOKENS + 416), "more calls than could be in flight at once"


def test_dollars_want_a_price() -> None:
    with pytest.raises(RecipeError, match="price of this model is not known"):
        BudgetLedger(Budget(usd=1), None, None)
    BudgetLedger(Budget(calls=1), None, None)
