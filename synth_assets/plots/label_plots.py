"""Draws how good labels are and what they cost: confusions, each label, reliability of votes, dollars. PNG bytes."""

from collections.abc import Mapping, Sequence
from typing import Any

from synth_assets.analysis.agreement import BY_SHARE
from synth_assets.plots.canvas import NEUTRAL, PRIMARY, SECONDARY, new_figure, to_png

_DARK = 0.5
_LABELS_SHOWN = 30
_ROOM_FOR_WORDS = 2.2
_CENT = 0.01
_BARS = {"precision": SECONDARY, "recall": NEUTRAL, "f1": PRIMARY}


def confusion_png(rows: Sequence[Mapping[str, Any]], labels_of: str, judged_by: str = "experts") -> bytes | None:
    """Draw the confusion matrix of a stage, from the rows of an agreement; None if no expert measured it."""
    cells = {
        (row["expert_label"], row["label"]): row["value"]
        for row in rows
        if row["labels_of"] == labels_of and row["measure"] == "confusion"
    }
    if not cells:
        return None
    labels = sorted({label for pair in cells for label in pair})
    inches = 1.1 * len(labels) + 2
    figure, axes = new_figure(inches, inches * 0.85)
    shares = [[_share(cells, expert, label, labels) for label in labels] for expert in labels]
    axes.imshow(shares, cmap="Purples", vmin=0, vmax=1)
    for y, expert in enumerate(labels):
        for x, label in enumerate(labels):
            colour = "white" if shares[y][x] > _DARK else "black"
            axes.text(x, y, f"{cells.get((expert, label), 0):.0f}", ha="center", va="center", color=colour)
    axes.set_xticks(range(len(labels)), labels, rotation=30, ha="right")
    axes.set_yticks(range(len(labels)), labels)
    axes.set_xlabel(labels_of)
    axes.set_ylabel(judged_by)
    return to_png(figure)


def labels_png(rows: Sequence[Mapping[str, Any]], labels_of: str) -> bytes | None:
    """Draw precision, recall and F1 of each label, the commonest first; None if a row has one label only."""
    own = [row for row in rows if row["labels_of"] == labels_of and row["against"] == "experts"]
    support = {row["label"]: int(row["value"]) for row in own if row["measure"] == "support"}
    if not support:
        return None
    shown = sorted(support, key=lambda label: (-support[label], label))[:_LABELS_SHOWN]
    values = {(row["label"], row["measure"]): row["value"] or 0.0 for row in own}
    figure, axes = new_figure(6.4, 1.2 + 0.6 * len(shown))
    for index, (measure, colour) in enumerate(_BARS.items()):
        heights = [y + 0.25 * (index - 1) for y in range(len(shown))]
        axes.barh(heights, [values[label, measure] for label in shown], 0.22, color=colour, label=measure)
    axes.set_yticks(range(len(shown)), [f"{label}  ({support[label]:,})" for label in shown], fontsize=8)
    axes.set_ylim(len(shown) - 0.5, -0.5)
    axes.set_xlim(0, 1)
    axes.set_xlabel("by experts; in brackets the rows for which they named the label")
    figure.legend(*axes.get_legend_handles_labels(), frameon=False, loc="outside right upper")
    return to_png(figure)


def reliability_png(rows: Sequence[Mapping[str, Any]], labels_of: str) -> bytes | None:
    """Draw how often a label is right by its share of the votes, with intervals; None if there are no shares."""
    points = [row for row in rows if row["labels_of"] == labels_of and row["measure"].endswith(BY_SHARE)]
    if not points:
        return None
    figure, axes = new_figure(4.2, 3.6)
    shares, values = [float(row["share"]) for row in points], [float(row["value"]) for row in points]
    below = [value - float(row["low"]) for value, row in zip(values, points, strict=True)]
    above = [float(row["high"]) - value for value, row in zip(values, points, strict=True)]
    axes.plot([0, 1], [0, 1], color=NEUTRAL, linestyle="--", linewidth=1)
    axes.errorbar(shares, values, yerr=[below, above], fmt="o-", color=PRIMARY, capsize=3)
    for share, value, row in zip(shares, values, points, strict=True):
        axes.annotate(f" {row['rows']}", (share, value), va="top", fontsize=8)
    axes.set_xlim(0, 1.05)
    axes.set_ylim(0, 1.05)
    axes.set_xlabel("share of the votes")
    axes.set_ylabel("right, by experts")
    return to_png(figure)


def costs_png(rows: Sequence[Mapping[str, Any]]) -> bytes | None:
    """Draw what each labeller costs, the dearest first; None if no price is known, or all cost nothing."""
    priced = sorted((row for row in rows if row["usd"]), key=lambda row: -float(row["usd"]))
    if not priced:
        return None
    figure, axes = new_figure(7.5, 1.2 + 0.36 * len(priced))
    dollars = [float(row["usd"]) for row in priced]
    axes.set_xscale("log")
    axes.barh(range(len(priced)), dollars, color=PRIMARY)
    for index, row in enumerate(priced):
        axes.annotate(f" {_cost_label(row)}", (dollars[index], index), va="center", fontsize=8)
    axes.set_yticks(range(len(priced)), [str(row["labels_of"]) for row in priced], fontsize=8)
    axes.invert_yaxis()
    low = min(dollars) / 10
    axes.set_xlim(low, max(dollars) * (max(dollars) / low) ** (1 / _ROOM_FOR_WORDS))  # words right of the bars
    axes.set_xlabel(f"US dollars for {priced[0]['texts']:,} texts")
    return to_png(figure)


def _share(cells: Mapping[tuple[str, str], float], expert: str, label: str, labels: Sequence[str]) -> float:
    return cells.get((expert, label), 0) / max(sum(cells.get((expert, each), 0) for each in labels), 1)


def _cost_label(row: Mapping[str, Any]) -> str:
    energy = "" if row["kwh_low"] is None else f", {row['kwh_low']:.3g} to {row['kwh_high']:.3g} kWh"
    usd = float(row["usd"])
    return (f"${usd:,.2f}" if usd >= _CENT else f"${usd:.2g}") + energy
