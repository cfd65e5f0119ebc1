"""Calculates the cost of labelling many texts: money, hours, energy and CO2, from tokens, speeds and assumptions."""

from dataclasses import dataclass
from typing import TypeAlias

Range: TypeAlias = tuple[float, float]
_MILLION, _HOUR_S = 1_000_000, 3_600


@dataclass(frozen=True, slots=True)
class Bill:
    """The cost of a number of texts. What is not known is None, not 0."""

    usd: float | None
    hours: float | None
    texts_per_s: float | None
    kwh: Range | None

    def co2_kg(self, grams_per_kwh: Range) -> Range | None:
        """Return the least and the most CO2 that the energy causes."""
        if self.kwh is None:
            return None
        low, high = (kwh * grams / 1_000 for kwh, grams in zip(self.kwh, grams_per_kwh, strict=True))
        return low, high


@dataclass(frozen=True, slots=True)
class Tokens:
    """The tokens of one text, in prompts and answers of all its calls together."""

    input: float
    output: float


@dataclass(frozen=True, slots=True)
class EnergyOfTokens:
    """The least and the most watt-hours for a thousand tokens."""

    input: Range
    output: Range


def bill_by_tokens(
    texts: int,
    tokens: Tokens,
    usd_per_million: tuple[float, float] | None,
    energy: EnergyOfTokens,
    texts_per_s: float | None,
) -> Bill:
    """Return the bill of a teacher that is paid by the token."""
    usd = None
    if usd_per_million is not None:
        usd = texts * (tokens.input * usd_per_million[0] + tokens.output * usd_per_million[1]) / _MILLION
    bounds = zip(energy.input, energy.output, strict=True)
    low, high = (texts * (tokens.input * wh_in + tokens.output * wh_out) / _MILLION for wh_in, wh_out in bounds)
    return Bill(usd, _hours(texts, texts_per_s), texts_per_s, (low, high))


def bill_by_hours(texts: int, texts_per_s: float, usd_per_hour: float | None, watts: Range | None) -> Bill:
    """Return the bill of a machine that is paid by the hour."""
    hours = _hours(texts, texts_per_s)
    assert hours is not None
    kwh = None if watts is None else (hours * watts[0] / 1_000, hours * watts[1] / 1_000)
    return Bill(None if usd_per_hour is None else hours * usd_per_hour, hours, texts_per_s, kwh)


def _hours(texts: int, texts_per_s: float | None) -> float | None:
    return texts / texts_per_s / _HOUR_S if texts_per_s else None
