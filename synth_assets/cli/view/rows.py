"""Rows of a table: as a grid if they are small, else one after the other; dialogs turn by turn, two side by side."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from synth_assets.cli.showing import PLUMBING, Shown
from synth_assets.cli.view.grids import grid
from synth_assets.cli.view.words import count, moment, safe
from synth_assets.core.contract import WHOLE

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

CELL = 60
SAME = "〃"
_ROLE_STYLES = {"user": "bold blue", "assistant": "bold green", "system": "bold magenta", "tool": "bold yellow"}


def is_wide(shown: Shown) -> bool:
    """Whether the rows hold texts that do not fit into a grid."""
    if shown.dialogs:
        return True
    return any(len(text(value)) > CELL for row in shown.rows for _, value in _fields(shown, row))


def print_rows(console: "Console", shown: Shown, rows: int) -> None:
    """The first rows, and how many there are."""
    few = shown.rows[:rows]
    if is_wide(shown):
        for row in few:
            _print_record(console, shown, row)
    elif few:
        console.print(_grid(shown, few))
    more = "" if len(few) == shown.total else f"; --rows {shown.total} shows all"
    console.print(f"{count(len(few))} of {count(shown.total)} rows of {shown.table}{more}", style="dim", markup=False)


def text(value: Any) -> str:
    """A value as one reads it; NULL is said to be NULL."""
    if value is None:
        return "NULL"
    if isinstance(value, str):
        return safe(value)
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, dict | list):
        return safe(json.dumps(value, ensure_ascii=False, default=str))
    return moment(value) if hasattr(value, "tzinfo") else str(value)


def _fields(shown: Shown, row: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """What is shown of a row besides its dialogs."""
    hidden = {*PLUMBING, *shown.dialogs}
    for name, value in row.items():
        if name not in hidden and not (name == "partition_key" and value == WHOLE):
            yield name, value


def _grid(shown: Shown, rows: Sequence[Mapping[str, Any]]) -> "RenderableType":
    from rich.text import Text

    table = grid([name for name, _ in _fields(shown, rows[0])])
    for column, (_, value) in zip(table.columns, _fields(shown, rows[0]), strict=True):
        if isinstance(value, int | float) and not isinstance(value, bool):
            column.justify = "right"
    for row in rows:
        table.add_row(*(Text(text(value), style="dim" if value is None else "") for _, value in _fields(shown, row)))
    return table


def _print_record(console: "Console", shown: Shown, row: Mapping[str, Any]) -> None:
    from rich.rule import Rule
    from rich.text import Text

    console.print(Rule(Text(str(row.get("row_id", "")), "bold"), align="left", style="dim", characters="─"))
    fields = [(name, value) for name, value in _fields(shown, row) if name != "row_id" and value is not None]
    width = max((len(name) for name, _ in fields), default=0)
    for name, value in fields:
        console.print(_field(name, value, width))
    original = shown.original(row)
    for name in shown.dialogs:
        before = original.get(name) if original is not None else None
        console.print(_two(before, row[name]) if before else _one(row[name]))
    console.print()


def _field(name: str, value: Any, width: int) -> "RenderableType":
    from rich.table import Table
    from rich.text import Text

    line = Table.grid(padding=(0, 2))
    line.add_column(width=width)
    line.add_column(overflow="fold")
    line.add_row(Text(name, "dim"), Text(text(value)))
    return line


def _one(dialog: Sequence[Mapping[str, Any]] | None) -> "RenderableType":
    from rich.table import Table
    from rich.text import Text

    turns = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 1, 0))
    turns.add_column(no_wrap=True)
    turns.add_column(overflow="fold", ratio=1)
    for turn in dialog or ():
        turns.add_row(_role(turn), Text(safe(turn["content"] or "")))
    return turns


def _two(before: Sequence[Mapping[str, Any]], after: Sequence[Mapping[str, Any]]) -> "RenderableType":
    """Two dialogs turn by turn; where the second says the same, it is not said twice."""
    from itertools import zip_longest

    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    turns = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 2, 1, 0), expand=True, header_style="dim")
    turns.add_column("", no_wrap=True)
    turns.add_column("before", overflow="fold", ratio=1)
    turns.add_column("after", overflow="fold", ratio=1)
    for old, new in zip_longest(before, after):
        said, anew = (safe(turn["content"] or "") if turn else "" for turn in (old, new))
        turns.add_row(_role(new or old), Text(said), Text(SAME, "dim") if said == anew else Text(anew))
    return turns


def _role(turn: Mapping[str, Any]) -> "RenderableType":
    from rich.text import Text

    return Text(turn["role"], _ROLE_STYLES.get(turn["role"], "bold"))
