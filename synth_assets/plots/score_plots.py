"""Draws the scores that judges give, for all rows or for each part, and the bias of a pairwise judge. PNG bytes."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from math import ceil, floor
from typing import TYPE_CHECKING, Any, TypeAlias

from synth_assets.analysis.agreement import wilson
from synth_assets.plots.canvas import NEUTRAL, PRIMARY, WARNING, new_figure, shorten, to_png

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Counts: TypeAlias = Mapping[float, int]
_PARTS_SHOWN = 24
_TICKS = 12
_FAIR = 0.5


def scores_png(kept: Counts, rejected: Counts, name: str) -> bytes | None:
    """Draw a bar for each score, with the rows that were rejected for it on top; None if there are no scores."""
    scores = sorted({*kept, *rejected})
    if not scores:
        return None
    from matplotlib.ticker import MaxNLocator

    figure, axes = new_figure(5.2, 3.2)
    width = 0.8 * min((b - a for a, b in pairwise(scores)), default=1.0)
    below = [kept.get(score, 0) for score in scores]
    above = [rejected.get(score, 0) for score in scores]
    axes.bar(scores, below, width, color=PRIMARY, label="kept")
    if any(above):
        axes.bar(scores, above, width, bottom=below, color=WARNING, label="turned away")
        axes.legend(frameon=False)
    for score, count in zip(scores, (a + b for a, b in zip(below, above, strict=True)), strict=True):
        if len(scores) <= _TICKS:
            axes.annotate(f"{count:,}", (score, count), ha="center", va="bottom", fontsize=8)
    _mark_scores(axes, scores)
    axes.set_ylim(0, 1.12 * max(a + b for a, b in zip(below, above, strict=True)))
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_xlabel(name)
    axes.set_ylabel("rows")
    return to_png(figure)


def parts_png(parts: Mapping[str, Counts], name: str) -> bytes | None:
    """Draw the share of each score in each part, the part with the lowest mean first; None if there are none."""
    shown = sorted((part for part in parts if parts[part]), key=lambda part: (_mean(parts[part]), part))[:_PARTS_SHOWN]
    scores = sorted({score for part in shown for score in parts[part]})
    if not scores:
        return None
    from matplotlib import colormaps

    figure, axes = new_figure(7.5, 1.1 + 0.3 * len(shown))
    left = [0.0] * len(shown)
    positions = range(len(shown))
    for index, score in enumerate(scores):
        shares = [parts[part].get(score, 0) / sum(parts[part].values()) for part in shown]
        colour = colormaps["viridis"](index / max(len(scores) - 1, 1))
        axes.barh(positions, shares, left=left, color=colour, label=f"{score:g}")
        left = [a + b for a, b in zip(left, shares, strict=True)]
    axes.set_yticks(positions, [f"{shorten(part)}  ({sum(parts[part].values()):,})" for part in shown], fontsize=8)
    axes.set_ylim(len(shown) - 0.5, -0.5)
    axes.set_xlim(0, 1)
    axes.set_xlabel("share of the rows")
    if len(scores) <= _TICKS:
        figure.legend(*axes.get_legend_handles_labels(), title=name, frameon=False, loc="outside right upper")
    return to_png(figure)


def fairness_png(rows: Sequence[Mapping[str, Any]]) -> bytes | None:
    """Draw the share of verdicts for the answer shown first and for the longer one, by part; None without any."""
    shown = [row for row in rows if row["first_share"] is not None][:_PARTS_SHOWN]
    if not shown:
        return None
    figure, axes = new_figure(7.5, 1.5 + 0.4 * len(shown))
    for index, row in enumerate(shown):
        first, verdicts = float(row["first_share"]), int(row["verdicts"])
        interval = wilson("first", round(first * verdicts), verdicts)
        low, high = interval.low, interval.high
        errors = [[first - (first if low is None else low)], [(first if high is None else high) - first]]
        label = "the first (95 % interval)" if index == 0 else None
        axes.errorbar([first], [index - 0.12], xerr=errors, fmt="o", color=PRIMARY, capsize=3, label=label)
        if row["longer_share"] is not None:
            label = "the longer" if index == 0 else None
            axes.plot([float(row["longer_share"])], [index + 0.12], "D", color=WARNING, markersize=5, label=label)
    axes.axvline(_FAIR, color=NEUTRAL, linestyle="--", linewidth=1)
    axes.set_yticks(range(len(shown)), [_fairness_label(row) for row in shown], fontsize=8)
    axes.set_ylim(len(shown) - 0.5, -0.5)
    axes.set_xlim(-0.02, 1.02)
    axes.set_xlabel("share of the verdicts that name an answer")
    figure.legend(frameon=False, loc="outside upper right", ncols=2, fontsize=8)
    return to_png(figure)


def _mean(counts: Counts) -> float:
    return sum(score * count for score, count in counts.items()) / sum(counts.values())


def _mark_scores(axes: "Axes", scores: Sequence[float]) -> None:
    """Mark the scores; if they are close together, as means are, the whole numbers around them."""
    span = scores[-1] - scores[0]
    if any(b - a < span / _TICKS for a, b in pairwise(scores)):
        scores = range(floor(scores[0]), ceil(scores[-1]) + 1)
    if len(scores) <= _TICKS:
        axes.set_xticks(scores, [f"{score:g}" for score in scores])


def _fairness_label(row: Mapping[str, Any]) -> str:
    return f"{shorten(str(row['part']))}\nsame after a swap: {float(row['swap_agreement']):.0%} of {row['pairs']:,}"
