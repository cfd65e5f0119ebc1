"""What a model costs: a dated table in the package, which a user's own table overrides."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from synth_assets.core.errors import RecipeError

_PER = 1_000_000


class Price(BaseModel):
    """US dollars for a million tokens, as of a day, and who says so."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    prompt: float = Field(ge=0)
    completion: float = Field(ge=0)
    as_of: dt.date | None = None
    source: str = ""

    def cost_usd(self, prompt_tokens: int, completion_tokens: int) -> float:
        """Return the cost of those tokens."""
        return (prompt_tokens * self.prompt + completion_tokens * self.completion) / _PER

    def halved(self) -> "Price":
        """Return the price in a batch job."""
        return self.model_copy(update={"prompt": self.prompt / 2, "completion": self.completion / 2})


FREE = Price(prompt=0, completion=0, source="answers without a server")


class PriceTable(BaseModel):
    """A file of prices; a date and a source stand once for all that name none."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    as_of: dt.date | None = None
    source: str = ""
    models: dict[str, Price] = {}

    def price(self, model: str) -> Price | None:
        """Return the price of a model, with its date and source."""
        found = self.models.get(model)
        if found is None:
            return None
        return found.model_copy(update={"as_of": found.as_of or self.as_of, "source": found.source or self.source})


@dataclass(frozen=True)
class Prices:
    """The package's table, and the user's, `prices.yaml` in SYNTH_HOME, which goes first."""

    home: Path | None = None

    def price(self, model: str) -> Price | None:
        """Return the price of a model; None where it is unknown, which is not the same as free."""
        for table in self._tables:
            found = table.price(model)
            if found is not None:
                return found
        return None

    def known(self) -> Mapping[str, Price]:
        """Return every known price, by model."""
        names = sorted({name for table in self._tables for name in table.models})
        return {name: price for name in names if (price := self.price(name)) is not None}

    @cached_property
    def _tables(self) -> tuple[PriceTable, ...]:
        shipped = _read(files(__package__).joinpath("prices.yaml").read_text("utf-8"), "prices.yaml")
        own = self.home / "prices.yaml" if self.home else None
        if own is None or not own.is_file():
            return (shipped,)
        return (_read(own.read_text("utf-8"), str(own)), shipped)


def _read(text: str, where: str) -> PriceTable:
    try:
        return PriceTable.model_validate(yaml.safe_load(text) or {})
    except (ValidationError, yaml.YAMLError) as error:
        remedy = "write it as `models: {name: {prompt: 0.1, completion: 0.3}}`, in USD per million tokens"
        raise RecipeError(f"this is no table of prices: {error}", where=where, remedy=remedy) from error
