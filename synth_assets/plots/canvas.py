"""What a picture is drawn on, without a screen, and its PNG bytes."""

import io
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK, LINE, AWAY, SOFT = "#4f46e5", "#9ca3af", "#dc2626", "#a5b4fc"


def blank(width: float, height: float) -> "tuple[Figure, Axes]":
    """A figure of so many inches, with axes to draw in."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure, figure.subplots()


def png(figure: "Figure") -> bytes:
    """The figure as a PNG file."""
    image = io.BytesIO()
    figure.savefig(image, format="png", dpi=100)
    return image.getvalue()
