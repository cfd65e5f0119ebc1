"""Tables of numbers, all in one look: a dim head, no lines but one, numbers to the right."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table


def grid(texts: "Sequence[RenderableType]", numbers: Sequence[str] = (), *, footer: bool = False) -> "Table":
    """Return an empty table: columns of texts, then columns of numbers that are never wrapped."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    table = Table(
        box=SIMPLE_HEAD, show_edge=False, pad_edge=False, header_style="dim", footer_style="bold", show_footer=footer
    )
    for name in texts:
        table.add_column(name, overflow="fold")
    for name in numbers:
        table.add_column(name, justify="right", no_wrap=True)
    return table
