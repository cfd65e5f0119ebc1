"""Faults to order: their short form, and whom they hit."""

from collections import Counter

import pytest

from synth_assets.core.errors import RecipeError
from synth_assets.teacher.served.faults import SHARES, Chance, Faults


def test_the_short_form() -> None:
    faults = Faults.of("latency=50ms, 429=5%,reset=1%,rate=20/s,retry_after=1s,max_in_flight=100,500=0.5%")
    assert (faults.latency, faults.reset, faults.rate, faults.retry_after) == (0.05, 0.01, 20, 1)
    assert faults.statuses == {429: 0.05, 500: 0.005}
    assert Faults.of("") == Faults()


@pytest.mark.parametrize(
    ("text", "remedy"),
    [("resett=1%", "did you mean reset"), ("latency", "name=quantity"), ("reset=200%", "less than or equal to 1")],
)
def test_what_means_nothing_is_told(text: str, remedy: str) -> None:
    with pytest.raises(RecipeError, match=remedy):
        Faults.of(text)


def test_shares_are_kept_and_the_same_each_time() -> None:
    chance, same = (Chance(Faults.of("429=20%,reset=10%,seed=3")) for _ in range(2))
    hit = [chance.fault(b"%d" % number) for number in range(5000)]
    counts = Counter(hit)
    assert 900 <= counts["429"] <= 1100
    assert 400 <= counts["reset"] <= 600
    assert [same.fault(b"%d" % number) for number in range(5000)] == hit
    assert [Chance(Faults.of("429=20%,reset=10%,seed=4")).fault(b"%d" % n) for n in range(5000)] != hit


def test_a_call_that_was_hit_may_pass_the_next_time() -> None:
    chance = Chance(Faults.of("500=50%"))
    assert {chance.fault(b"same") for _ in range(20)} == {"500", None}


def test_all_means_all() -> None:
    chance = Chance(Faults.of("all=100%"))
    assert {chance.fault(b"%d" % n) for n in range(2000)} == {*SHARES, "429", "500", "502", "503"}
