"""Rows of a table of the lake: as a grid if they are small, else dialogs turn by turn, two of them side by side."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from synth_assets.cli.row_lookup import PLUMBING, Shown
from synth_assets.cli.views.grids import grid
from synth_assets.cli.views.records import LONGEST_CELL, print_fields, print_records, print_title
from synth_assets.cli.views.words import cell, count, safe
from synth_assets.core.contract import WHOLE

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.text import Text

SAME = "〃"
_ROLE_STYLES = {"user": "bold blue", "assistant": "bold green", "system": "bold magenta", "tool": "bold yellow"}


def is_wide(shown: Shown) -> bool:
    """Return whether the rows hold texts that do not fit into a grid."""
    fields = (value for row in shown.rows for _, value in _fields(shown, row))
    return bool(shown.dialogs) or any(len(cell(value)) > LONGEST_CELL for value in fields)


def print_rows(console: "Console", shown: Shown, rows: int) -> None:
    """Print the first rows, and how many there are."""
    few = shown.rows[:rows]
    if is_wide(shown):
        for row in few:
            _print_row(console, shown, row)
    elif few:
        names = [name for name, _ in _fields(shown, few[0])]
        print_records(console, names, [[row[name] for name in names] for row in few])
    more = "" if len(few) == shown.total else f"; --rows {shown.total} shows all"
    console.print(f"{count(len(few))} of {count(shown.total)} rows of {shown.table}{more}", style="dim", markup=False)


def _fields(shown: Shown, row: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield what is shown of a row besides its dialogs."""
    hidden = {*PLUMBING, *shown.dialogs}
    for name, value in row.items():
        if name not in hidden and not (name == "partition_key" and value == WHOLE):
            yield name, value


def _print_row(console: "Console", shown: Shown, row: Mapping[str, Any]) -> None:
    print_title(console, str(row.get("row_id", "")))
    print_fields(console, ((name, value) for name, value in _fields(shown, row) if name != "row_id"))
    original = shown.originals.get(str(row.get("row_id")))
    for name in shown.dialogs:
        before = original.get(name) if original is not None else None
        console.print(_two(before, row[name]) if before else _one(row[name]))


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

    from rich.text import Text

    turns = grid([""])
    turns.expand, turns.padding = True, (0, 2, 1, 0)
    turns.add_column("before", overflow="fold", ratio=1)
    turns.add_column("after", overflow="fold", ratio=1)
    for old, new in zip_longest(before, after):
        text, anew = (safe(turn["content"] or "") if turn else "" for turn in (old, new))
        turns.add_row(_role(new or old), Text(text), Text(SAME, "dim") if text == anew else Text(anew))
    return turns


def _role(turn: Mapping[str, Any]) -> "Text":
    from rich.text import Text

    return Text(turn["role"], _ROLE_STYLES.get(turn["role"], "bold"))
