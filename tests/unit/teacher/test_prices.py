"""What models cost."""

import datetime as dt
from pathlib import Path

import pytest

from synth_assets.core.errors import RecipeError
from synth_assets.teacher import Prices


def test_every_price_has_a_date_and_a_source() -> None:
    known = Prices().known()
    assert "mistral-small-latest" in known
    for model, price in known.items():
        assert price.as_of, model
        assert price.source, model
        assert price.completion >= price.prompt > 0, model


def test_an_unknown_model_has_an_unknown_price() -> None:
    assert Prices().price("my-own-model") is None


def test_a_cost_is_by_the_million() -> None:
    price = Prices().price("mistral-small-latest")
    assert price is not None
    assert price.cost_usd(1_000_000, 500_000) == pytest.approx(price.prompt + price.completion / 2)


def test_the_users_table_goes_first(tmp_path: Path) -> None:
    table = (
        "as_of: 2026-11-20\nsource: my contract\nmodels:\n"
        "  mistral-small-latest: {prompt: 0.05, completion: 0.1}\n  mine: {prompt: 0, completion: 0}\n"
    )
    (tmp_path / "prices.yaml").write_text(table)
    prices = Prices(tmp_path)
    price, mine = prices.price("mistral-small-latest"), prices.price("mine")
    assert price is not None
    assert (price.prompt, price.as_of, price.source) == (0.05, dt.date(2026, 11, 20), "my contract")
    assert mine is not None
    assert mine.cost_usd(10**6, 10**6) == 0.0
    assert prices.price("mistral-medium-latest") == Prices().price("mistral-medium-latest")


@pytest.mark.parametrize("text", ["models: 3", "models: {m: {prompt: -1, completion: 1}}", "prices: {}", "{"])
def test_a_table_that_is_none_is_told_by_its_name(tmp_path: Path, text: str) -> None:
    (tmp_path / "prices.yaml").write_text(text)
    with pytest.raises(RecipeError, match=r"prices\.yaml"):
        Prices(tmp_path).price("m")
