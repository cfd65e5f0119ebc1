"""Pictures of agreement: confusions, labels one by one, how far the share of the votes can be trusted. PNG bytes."""

from collections.abc import Mapping, Sequence
from typing import Any

from synth_assets.analysis.agreement import BY_SHARE
from synth_assets.plots.canvas import INK, LINE, SOFT, blank, png

_DARK = 0.5
_LABELS_SHOWN = 30
_BARS = {"precision": SOFT, "recall": LINE, "f1": INK}


def confusion_png(rows: Sequence[Mapping[str, Any]], labels_of: str, judged_by: str = "experts") -> bytes | None:
    """The confusion matrix of a stage, from the rows of an agreement; None where it was measured by no expert."""
    cells = {
        (row["expert_label"], row["label"]): row["value"]
        for row in rows
        if row["labels_of"] == labels_of and row["measure"] == "confusion"
    }
    if not cells:
        return None
    labels = sorted({label for pair in cells for label in pair})
    inches = 1.1 * len(labels) + 2
    figure, axes = blank(inches, inches * 0.85)
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
    return png(figure)


def labels_png(rows: Sequence[Mapping[str, Any]], labels_of: str) -> bytes | None:
    """Precision, recall and F1 of each label, the commonest first; None where a row has one label only."""
    own = [row for row in rows if row["labels_of"] == labels_of and row["against"] == "experts"]
    support = {row["label"]: int(row["value"]) for row in own if row["measure"] == "support"}
    if not support:
        return None
    shown = sorted(support, key=lambda label: (-support[label], label))[:_LABELS_SHOWN]
    values = {(row["label"], row["measure"]): row["value"] or 0.0 for row in own}
    figure, axes = blank(6.4, 1.2 + 0.6 * len(shown))
    for place, (measure, colour) in enumerate(_BARS.items()):
        heights = [y + 0.25 * (place - 1) for y in range(len(shown))]
        axes.barh(heights, [values[label, measure] for label in shown], 0.22, color=colour, label=measure)
    axes.set_yticks(range(len(shown)), [f"{label}  ({support[label]:,})" for label in shown], fontsize=8)
    axes.set_ylim(len(shown) - 0.5, -0.5)
    axes.set_xlim(0, 1)
    axes.set_xlabel("by experts; in brackets the rows for which they named the label")
    figure.legend(*axes.get_legend_handles_labels(), frameon=False, loc="outside right upper")
    return png(figure)


def reliability_png(rows: Sequence[Mapping[str, Any]], labels_of: str) -> bytes | None:
    """How often a label is right by its share of the votes, with intervals; None where there are no shares."""
    points = [row for row in rows if row["labels_of"] == labels_of and row["measure"].endswith(BY_SHARE)]
    if not points:
        return None
    figure, axes = blank(4.2, 3.6)
    shares, values = [float(row["share"]) for row in points], [float(row["value"]) for row in points]
    below = [value - float(row["low"]) for value, row in zip(values, points, strict=True)]
    above = [float(row["high"]) - value for value, row in zip(values, points, strict=True)]
    axes.plot([0, 1], [0, 1], color=LINE, linestyle="--", linewidth=1)
    axes.errorbar(shares, values, yerr=[below, above], fmt="o-", color=INK, capsize=3)
    for share, value, row in zip(shares, values, points, strict=True):
        axes.annotate(f" {row['rows']}", (share, value), va="top", fontsize=8)
    axes.set_xlim(0, 1.05)
    axes.set_ylim(0, 1.05)
    axes.set_xlabel("share of the votes")
    axes.set_ylabel("right, by experts")
    return png(figure)


def _share(cells: Mapping[tuple[str, str], float], expert: str, label: str, labels: Sequence[str]) -> float:
    return cells.get((expert, label), 0) / max(sum(cells.get((expert, each), 0) for each in labels), 1)
