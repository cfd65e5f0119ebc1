"""Draws how varied a dataset is: its texts as a map, and how many rows are left of each part. PNG bytes."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from synth_assets.analysis.text_map import TextMap
from synth_assets.plots.canvas import NEUTRAL, PRIMARY, new_figure, shorten, to_png

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_COLOURS = 20
_PARTS_SHOWN = 30
_CROWDED = 400


def map_png(text_map: TextMap, groups: Sequence[str] | None) -> bytes:
    """Draw a dot for each text, in the colour of its group; without groups, or with too many, of its cluster."""
    from matplotlib import colormaps

    figure, axes = new_figure(9.2, 5.6)
    by_group = groups is not None and 1 < len(set(groups)) <= _COLOURS
    names = groups if by_group and groups else [f"{number + 1}" for number in text_map.clusters]
    # Colours of pairs that look alike come last, when the ten that don't are used up.
    palette = [colormaps["tab20"](index) for index in (*range(0, 20, 2), *range(1, 20, 2))]
    size = 14 if len(names) < _CROWDED else 7
    for index, name in enumerate(sorted(set(names))):
        points = [point for point, each in zip(text_map.points, names, strict=True) if each == name]
        colour, label = [palette[index % _COLOURS]], shorten(name).replace("$", r"\$") if by_group else None
        axes.scatter([x for x, _ in points], [y for _, y in points], s=size, c=colour, label=label, linewidths=0)
    _number_clusters(axes, text_map)
    axes.set_xticks([])
    axes.set_yticks([])
    figure.legend(frameon=False, fontsize=7.5, markerscale=1.7, loc="outside right upper")
    return to_png(figure)


def yields_png(at_end: Mapping[str, int], at_start: Mapping[str, int], names: tuple[str, str]) -> bytes | None:
    """Draw how many rows each part has, of how many the teacher wrote; the part with fewest first."""
    parts = sorted({*at_end, *at_start}, key=lambda part: (at_end.get(part, 0), part))
    if not parts:
        return None
    shown = parts[:_PARTS_SHOWN]
    figure, axes = new_figure(7.5, 1.3 + 0.27 * len(shown))
    positions = range(len(shown))
    ends, starts = [at_end.get(part, 0) for part in shown], [at_start.get(part, 0) for part in shown]
    if at_start:
        axes.barh(positions, starts, color=NEUTRAL, alpha=0.5, label=names[1])
    axes.barh(positions, ends, height=0.5, color=PRIMARY, label=names[0])
    for index, (end, start) in enumerate(zip(ends, starts, strict=True)):
        text = f" {end:,} of {start:,}" if at_start else f" {end:,}"
        axes.annotate(text, (max(end, start), index), va="center", fontsize=8)
    axes.set_yticks(positions, [shorten(part) for part in shown], fontsize=8)
    axes.set_ylim(len(shown) - 0.5, -0.5)
    axes.set_xlim(0, 1.2 * max(*ends, *starts, 1))
    axes.set_xlabel(
        "rows" if len(shown) == len(parts) else f"rows; the {len(shown)} parts with fewest, of {len(parts)}"
    )
    if at_start:
        figure.legend(frameon=False, loc="outside upper right", ncols=2, fontsize=8)
    return to_png(figure)


def _number_clusters(axes: "Axes", text_map: TextMap) -> None:
    """Write the number of each cluster at the text nearest to its median, and its words into the legend."""
    for number, name in enumerate(text_map.names):
        points = [point for point, each in zip(text_map.points, text_map.clusters, strict=True) if each == number]
        if not points:
            continue
        middle = [sorted(point[axis] for point in points)[len(points) // 2] for axis in (0, 1)]
        x, y = min(points, key=lambda point: (point[0] - middle[0]) ** 2 + (point[1] - middle[1]) ** 2)
        box = {"boxstyle": "circle,pad=0.2", "facecolor": "white", "edgecolor": NEUTRAL, "alpha": 0.85}
        axes.annotate(f"{number + 1}", (x, y), ha="center", va="center", fontsize=7.5, bbox=box, zorder=3)
        # The marker is the number, as a formula; a name may have characters that mean something in formulas.
        label = f"{name or 'of few words'} ({len(points):,})".replace("$", r"\$")
        axes.plot([], [], marker=f"${number + 1}$", markersize=3.5, color="black", linestyle="", label=label)
