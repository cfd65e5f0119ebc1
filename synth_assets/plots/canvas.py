"""Makes figures without a screen, and PNG bytes of them."""

import io
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PRIMARY, SECONDARY, NEUTRAL, WARNING = "#4f46e5", "#a5b4fc", "#9ca3af", "#dc2626"
_LONGEST_NAME = 44


def new_figure(width: float, height: float) -> "tuple[Figure, Axes]":
    """Return a figure of so many inches, and its axes."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure, figure.subplots()


def to_png(figure: "Figure") -> bytes:
    """Return the figure as a PNG file."""
    image = io.BytesIO()
    figure.savefig(image, format="png", dpi=100)
    return image.getvalue()


def shorten(name: str) -> str:
    """Return the last folders of a long path, which distinguish it, or the beginning of another long name."""
    if len(name) <= _LONGEST_NAME:
        return name
    end = name[1 - _LONGEST_NAME :]
    if " " in name or "/" not in end:
        return f"{name[: _LONGEST_NAME - 1]}…"
    return f"…{end[end.index('/') :]}"
