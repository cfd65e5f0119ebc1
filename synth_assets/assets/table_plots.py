"""Pictures where they say more than a number: why rows were rejected, and how long the texts are."""

import base64
import io
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from synth_assets.core.contract import Contract
from synth_assets.engine import StageResult
from synth_assets.lake import Reader

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ROWS_SEEN = 5_000
REASONS_SHOWN = 8
BINS = 30
_BEFORE, _AFTER, _REJECTS = "#9ca3af", "#4f46e5", "#dc2626"


def picture_of(lengths: Mapping[str, Sequence[float]], counts: Mapping[str, int]) -> str:
    """Return the picture of a commit as Markdown; empty where there is nothing to see."""
    reasons = dict(list(counts.items())[:REASONS_SHOWN])
    panels = int(bool(lengths)) + int(bool(reasons))
    if not panels:
        return ""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5.2 * panels, 2.8), layout="constrained")
    FigureCanvasAgg(figure)
    axes = iter(figure.subplots(1, panels, squeeze=False)[0])
    if lengths:
        _draw_lengths(next(axes), lengths)
    if reasons:
        _draw_reasons(next(axes), reasons)
    image = io.BytesIO()
    figure.savefig(image, format="png", dpi=90)
    return f"![lengths and rejects](data:image/png;base64,{base64.b64encode(image.getvalue()).decode()})"


def lengths_of(
    lake: Reader, result: StageResult, contract: Contract, parent: str | None
) -> Mapping[str, Sequence[float]]:
    """Characters of the dialogs before and after; or tokens, where the rows count them."""
    dialog = next((column.name for column in contract.columns if column.type == "dialog"), None)
    if dialog is None:
        return {"tokens": _numbers(lake, result, result.table, "tokens")} if "tokens" in contract else {}
    length = f'list_sum(list_transform("{dialog}", lambda turn: length(turn.content)))'
    found = {"characters": _numbers(lake, result, result.table, length)}
    if parent is not None and dialog in lake.columns(parent, result.snapshot):
        found = {"before": _numbers(lake, result, parent, length), "after": found["characters"]}
    return {name: values for name, values in found.items() if values}


def _numbers(lake: Reader, result: StageResult, table: str, value: str) -> list[float]:
    sql = f"SELECT {value} AS n FROM {table} WHERE partition_key = ? ORDER BY hash(row_id) LIMIT {ROWS_SEEN}"
    rows = lake.rows(sql, (result.partition_key,), at=result.snapshot)
    return [float(row["n"]) for row in rows if row["n"] is not None]


def _draw_lengths(axes: "Axes", lengths: Mapping[str, Sequence[float]]) -> None:
    most = max(max(values) for values in lengths.values())
    for (name, values), colour in zip(lengths.items(), (_BEFORE, _AFTER)[-len(lengths) :], strict=True):
        axes.hist(values, bins=BINS, range=(0, most or 1), color=colour, alpha=0.7, label=name)
    only = next(iter(lengths)) if len(lengths) == 1 else "characters"
    axes.set_xlabel(f"{only} of a dialog")
    axes.set_ylabel("rows")
    if len(lengths) > 1:
        axes.legend(frameon=False)


def _draw_reasons(axes: "Axes", reasons: Mapping[str, int]) -> None:
    from matplotlib.ticker import MaxNLocator

    names = [name if len(name) <= 40 else f"{name[:39]}…" for name in reasons]
    bars = axes.barh(range(len(names)), list(reasons.values()), color=_REJECTS, height=0.6)
    axes.bar_label(bars, [f" {count:,}" for count in reasons.values()], fontsize=8)
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(max(len(names), 4) - 0.5, -0.5)
    axes.set_xlim(0, 1.15 * max(reasons.values()))
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_xlabel("rejects")
