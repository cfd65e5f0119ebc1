"""Picture of costs: dollars on a scale where each step is ten times as much, with the range of energy beside them."""

from collections.abc import Mapping, Sequence
from typing import Any

from synth_assets.plots.canvas import INK, blank, png

_ROOM = 2.2
_CENT = 0.01


def costs_png(rows: Sequence[Mapping[str, Any]]) -> bytes | None:
    """What each labeller takes, the dearest first; None where no price is known, or all cost nothing."""
    priced = sorted((row for row in rows if row["usd"]), key=lambda row: -float(row["usd"]))
    if not priced:
        return None
    figure, axes = blank(7.5, 1.2 + 0.36 * len(priced))
    dollars = [float(row["usd"]) for row in priced]
    axes.set_xscale("log")
    axes.barh(range(len(priced)), dollars, color=INK)
    for place, row in enumerate(priced):
        axes.annotate(f" {_told(row)}", (dollars[place], place), va="center", fontsize=8)
    axes.set_yticks(range(len(priced)), [str(row["labels_of"]) for row in priced], fontsize=8)
    axes.invert_yaxis()
    low = min(dollars) / 10
    axes.set_xlim(low, max(dollars) * (max(dollars) / low) ** (1 / _ROOM))  # the words stand right of the bars
    axes.set_xlabel(f"US dollars for {priced[0]['texts']:,} texts")
    return png(figure)


def _told(row: Mapping[str, Any]) -> str:
    energy = "" if row["kwh_low"] is None else f", {row['kwh_low']:.3g} to {row['kwh_high']:.3g} kWh"
    usd = float(row["usd"])
    return (f"${usd:,.2f}" if usd >= _CENT else f"${usd:.2g}") + energy
