"""A picture of a pairwise judge: how far place and length pull it away from a fair half, and what swaps changed."""

from collections.abc import Mapping, Sequence
from typing import Any

from synth_assets.analysis.agreement import wilson
from synth_assets.plots.canvas import AWAY, INK, LINE, blank, png
from synth_assets.plots.score_plots import short

_PARTS_SHOWN = 24
_FAIR = 0.5


def fairness_png(rows: Sequence[Mapping[str, Any]]) -> bytes | None:
    """For each part the share of verdicts for the answer shown first and for the longer one, beside a fair half."""
    shown = [row for row in rows if row["first_share"] is not None][:_PARTS_SHOWN]
    if not shown:
        return None
    figure, axes = blank(7.5, 1.5 + 0.4 * len(shown))
    for place, row in enumerate(shown):
        first, verdicts = float(row["first_share"]), int(row["verdicts"])
        within = wilson("first", round(first * verdicts), verdicts)
        low, high = within.low, within.high
        reach = [[first - (first if low is None else low)], [(first if high is None else high) - first]]
        label = "the first (95 % interval)" if place == 0 else None
        axes.errorbar([first], [place - 0.12], xerr=reach, fmt="o", color=INK, capsize=3, label=label)
        if row["longer_share"] is not None:
            label = "the longer" if place == 0 else None
            axes.plot([float(row["longer_share"])], [place + 0.12], "D", color=AWAY, markersize=5, label=label)
    axes.axvline(_FAIR, color=LINE, linestyle="--", linewidth=1)
    axes.set_yticks(range(len(shown)), [_told(row) for row in shown], fontsize=8)
    axes.set_ylim(len(shown) - 0.5, -0.5)
    axes.set_xlim(-0.02, 1.02)
    axes.set_xlabel("share of the verdicts that name an answer")
    figure.legend(frameon=False, loc="outside upper right", ncols=2, fontsize=8)
    return png(figure)


def _told(row: Mapping[str, Any]) -> str:
    return f"{short(str(row['part']))}\nsame after a swap: {float(row['swap_agreement']):.0%} of {row['pairs']:,}"
