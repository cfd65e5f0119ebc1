"""Pictures of how varied a dataset is: its texts as a map, and how many rows each of its parts has come to."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from synth_assets.analysis.text_map import TextMap
from synth_assets.plots.canvas import INK, LINE, blank, png
from synth_assets.plots.score_plots import short

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_COLOURS = 20
_PARTS_SHOWN = 30
_CROWDED = 400


def map_png(found: TextMap, groups: Sequence[str] | None) -> bytes:
    """A dot for each text, in the colour of its group; without groups, or with too many, in that of its cluster."""
    from matplotlib import colormaps

    figure, axes = blank(9.2, 5.6)
    by_group = groups is not None and 1 < len(set(groups)) <= _COLOURS
    of_clusters = [f"{number + 1}" for number in found.clusters]
    told = groups if by_group and groups else of_clusters
    # Colours of pairs that look alike come last, when the ten that don't are used up.
    palette = [colormaps["tab20"](place) for place in (*range(0, 20, 2), *range(1, 20, 2))]
    size = 14 if len(told) < _CROWDED else 7
    for place, name in enumerate(sorted(set(told))):
        mine = [point for point, each in zip(found.points, told, strict=True) if each == name]
        colour, label = [palette[place % _COLOURS]], short(name).replace("$", r"\$") if by_group else None
        axes.scatter([x for x, _ in mine], [y for _, y in mine], s=size, c=colour, label=label, linewidths=0)
    _number_clusters(axes, found)
    axes.set_xticks([])
    axes.set_yticks([])
    figure.legend(frameon=False, fontsize=7.5, markerscale=1.7, loc="outside right upper")
    return png(figure)


def yields_png(at_end: Mapping[str, int], at_start: Mapping[str, int], names: tuple[str, str]) -> bytes | None:
    """How many rows each part has, of how many it had when the teacher wrote them; the part with fewest first."""
    parts = sorted({*at_end, *at_start}, key=lambda part: (at_end.get(part, 0), part))
    if not parts:
        return None
    shown = parts[:_PARTS_SHOWN]
    figure, axes = blank(7.5, 1.3 + 0.27 * len(shown))
    places = range(len(shown))
    ends, starts = [at_end.get(part, 0) for part in shown], [at_start.get(part, 0) for part in shown]
    if at_start:
        axes.barh(places, starts, color=LINE, alpha=0.5, label=names[1])
    axes.barh(places, ends, height=0.5, color=INK, label=names[0])
    for place, (end, start) in enumerate(zip(ends, starts, strict=True)):
        told = f" {end:,} of {start:,}" if at_start else f" {end:,}"
        axes.annotate(told, (max(end, start), place), va="center", fontsize=8)
    axes.set_yticks(places, [short(part) for part in shown], fontsize=8)
    axes.set_ylim(len(shown) - 0.5, -0.5)
    axes.set_xlim(0, 1.2 * max(*ends, *starts, 1))
    axes.set_xlabel(
        "rows" if len(shown) == len(parts) else f"rows; the {len(shown)} parts with fewest, of {len(parts)}"
    )
    if at_start:
        figure.legend(frameon=False, loc="outside upper right", ncols=2, fontsize=8)
    return png(figure)


def _number_clusters(axes: "Axes", found: TextMap) -> None:
    """The number of a cluster where most of it lies, at the text nearest to its middle; its words in the legend."""
    for number, name in enumerate(found.names):
        mine = [point for point, each in zip(found.points, found.clusters, strict=True) if each == number]
        if not mine:
            continue
        middle = [sorted(point[axis] for point in mine)[len(mine) // 2] for axis in (0, 1)]
        x, y = min(mine, key=lambda point: (point[0] - middle[0]) ** 2 + (point[1] - middle[1]) ** 2)
        box = {"boxstyle": "circle,pad=0.2", "facecolor": "white", "edgecolor": LINE, "alpha": 0.85}
        axes.annotate(f"{number + 1}", (x, y), ha="center", va="center", fontsize=7.5, bbox=box, zorder=3)
        # A drawn number: what stands in a marker is a formula, and a name may hold what formulas are made of.
        told = f"{name or 'of few words'} ({len(mine):,})".replace("$", r"\$")
        axes.plot([], [], marker=f"${number + 1}$", markersize=3.5, color="black", linestyle="", label=told)
