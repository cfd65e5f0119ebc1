"""Pictures of scores: how often each was given, those that were turned away included, for all or for each part."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from math import ceil, floor
from typing import TYPE_CHECKING, TypeAlias

from synth_assets.plots.canvas import AWAY, INK, blank, png

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Counts: TypeAlias = Mapping[float, int]
_PARTS_SHOWN = 24
_TICKS = 12
_NAME = 44


def scores_png(kept: Counts, away: Counts, name: str) -> bytes | None:
    """A bar for each score, with the rows that were turned away for it on top; None where there are no scores."""
    scores = sorted({*kept, *away})
    if not scores:
        return None
    from matplotlib.ticker import MaxNLocator

    figure, axes = blank(5.2, 3.2)
    width = 0.8 * min((b - a for a, b in pairwise(scores)), default=1.0)
    below = [kept.get(score, 0) for score in scores]
    above = [away.get(score, 0) for score in scores]
    axes.bar(scores, below, width, color=INK, label="kept")
    if any(above):
        axes.bar(scores, above, width, bottom=below, color=AWAY, label="turned away")
        axes.legend(frameon=False)
    for score, count in zip(scores, (a + b for a, b in zip(below, above, strict=True)), strict=True):
        if len(scores) <= _TICKS:
            axes.annotate(f"{count:,}", (score, count), ha="center", va="bottom", fontsize=8)
    _mark_scores(axes, scores)
    axes.set_ylim(0, 1.12 * max(a + b for a, b in zip(below, above, strict=True)))
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_xlabel(name)
    axes.set_ylabel("rows")
    return png(figure)


def parts_png(parts: Mapping[str, Counts], name: str) -> bytes | None:
    """The share of each score in each part, the part with the lowest mean first; None where there are none."""
    shown = sorted((part for part in parts if parts[part]), key=lambda part: (_mean(parts[part]), part))[:_PARTS_SHOWN]
    scores = sorted({score for part in shown for score in parts[part]})
    if not scores:
        return None
    from matplotlib import colormaps

    figure, axes = blank(7.5, 1.1 + 0.3 * len(shown))
    left = [0.0] * len(shown)
    places = range(len(shown))
    for place, score in enumerate(scores):
        shares = [parts[part].get(score, 0) / sum(parts[part].values()) for part in shown]
        colour = colormaps["viridis"](place / max(len(scores) - 1, 1))
        axes.barh(places, shares, left=left, color=colour, label=f"{score:g}")
        left = [a + b for a, b in zip(left, shares, strict=True)]
    axes.set_yticks(places, [f"{short(part)}  ({sum(parts[part].values()):,})" for part in shown], fontsize=8)
    axes.set_ylim(len(shown) - 0.5, -0.5)
    axes.set_xlim(0, 1)
    axes.set_xlabel("share of the rows")
    if len(scores) <= _TICKS:
        figure.legend(*axes.get_legend_handles_labels(), title=name, frameon=False, loc="outside right upper")
    return png(figure)


def short(part: str) -> str:
    """The last folders of a long path, which tell it from others, or the beginning of another long text."""
    if len(part) <= _NAME:
        return part
    end = part[1 - _NAME :]
    if " " in part or "/" not in end:
        return f"{part[: _NAME - 1]}…"
    return f"…{end[end.index('/') :]}"


def _mean(counts: Counts) -> float:
    return sum(score * count for score, count in counts.items()) / sum(counts.values())


def _mark_scores(axes: "Axes", scores: Sequence[float]) -> None:
    """The scores themselves; of means that stand close together, the whole numbers around them."""
    span = scores[-1] - scores[0]
    if any(b - a < span / _TICKS for a, b in pairwise(scores)):
        scores = range(floor(scores[0]), ceil(scores[-1]) + 1)
    if len(scores) <= _TICKS:
        axes.set_xticks(scores, [f"{score:g}" for score in scores])
