"""Rows of any kind: a grid where it fits, else one row after the other with a line for each value."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from synth_assets.cli.views.grids import grid
from synth_assets.cli.views.words import cell, short

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

LONGEST_CELL = 60
GAP = 3


def print_records(console: "Console", names: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Print the rows, a record each, as wide as they fit."""
    cells = [[short(cell(value), LONGEST_CELL) for value in row] for row in rows]
    if not rows or _width(names, cells) <= console.width:
        console.print(_grid(names, rows, cells))
        return
    for index, row in enumerate(rows, start=1):
        print_title(console, str(index))
        print_fields(console, zip(names, row, strict=True))


def print_title(console: "Console", title: str) -> None:
    """Print the line between one record and the next."""
    from rich.rule import Rule
    from rich.text import Text

    console.print(Rule(Text(title, "bold"), align="left", style="dim", characters="─"))


def print_fields(console: "Console", fields: Iterable[tuple[str, Any]]) -> None:
    """Print a line for each value, the names in a column of their own; long texts are wrapped."""
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True, style="dim")
    table.add_column(overflow="fold")
    for name, value in fields:
        table.add_row(Text(name), Text(cell(value), "dim" if value is None else ""))
    if table.row_count:
        console.print(table)


def _grid(names: Sequence[str], rows: Sequence[Sequence[Any]], cells: Sequence[Sequence[str]]) -> "RenderableType":
    from rich.text import Text

    table = grid(list(map(Text, names)))
    for index, column in enumerate(table.columns):
        column.no_wrap = True
        if _are_numbers([row[index] for row in rows if row[index] is not None]):
            column.justify = "right"
    for row, texts in zip(rows, cells, strict=True):
        table.add_row(*(Text(text, "dim" if value is None else "") for value, text in zip(row, texts, strict=True)))
    return table


def _are_numbers(values: Sequence[Any]) -> bool:
    from decimal import Decimal

    return bool(values) and all(type(value) in (int, float, Decimal) for value in values)


def _width(names: Sequence[str], cells: Sequence[Sequence[str]]) -> int:
    from rich.cells import cell_len

    columns = zip(names, *cells, strict=True)
    return sum(max(map(cell_len, column)) + GAP for column in columns)
