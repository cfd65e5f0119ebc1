"""What it takes to label many texts: money, hours, energy and CO2, from tokens, speeds and stated assumptions."""

from dataclasses import dataclass
from typing import TypeAlias

Range: TypeAlias = tuple[float, float]
_MILLION, _HOUR_S = 1_000_000, 3_600


@dataclass(frozen=True, slots=True)
class Bill:
    """What a number of texts takes. What is not known is None, and never nothing."""

    usd: float | None
    hours: float | None
    texts_per_s: float | None
    kwh: Range | None

    def co2_kg(self, grams_per_kwh: Range) -> Range | None:
        """The CO2 of the energy: least with least, most with most."""
        if self.kwh is None:
            return None
        low, high = (kwh * grams / 1_000 for kwh, grams in zip(self.kwh, grams_per_kwh, strict=True))
        return low, high


@dataclass(frozen=True, slots=True)
class Tokens:
    """Of one text, prompts and answers of all its calls together."""

    input: float
    output: float


@dataclass(frozen=True, slots=True)
class EnergyOfTokens:
    """Watt-hours for a thousand tokens, at least and at most."""

    input: Range
    output: Range


def of_tokens(
    texts: int,
    tokens: Tokens,
    usd_per_million: tuple[float, float] | None,
    energy: EnergyOfTokens,
    texts_per_s: float | None,
) -> Bill:
    """The bill of a teacher that is paid by the token."""
    price = usd_per_million
    usd = None if price is None else texts * (tokens.input * price[0] + tokens.output * price[1]) / _MILLION
    sides = zip(energy.input, energy.output, strict=True)
    low, high = (texts * (tokens.input * read + tokens.output * written) / _MILLION for read, written in sides)
    return Bill(usd, _hours(texts, texts_per_s), texts_per_s, (low, high))


def of_machine(texts: int, texts_per_s: float, usd_per_hour: float | None, watts: Range | None) -> Bill:
    """The bill of a machine that is paid by the hour."""
    hours = _hours(texts, texts_per_s)
    assert hours is not None
    kwh = None if watts is None else (hours * watts[0] / 1_000, hours * watts[1] / 1_000)
    return Bill(None if usd_per_hour is None else hours * usd_per_hour, hours, texts_per_s, kwh)


def _hours(texts: int, texts_per_s: float | None) -> float | None:
    return texts / texts_per_s / _HOUR_S if texts_per_s else None
