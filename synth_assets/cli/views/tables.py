"""The tables of a recipe: what each holds, what it cost and where its files are."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from synth_assets.cli.views.grids import grid
from synth_assets.cli.views.words import count, moment, money

if TYPE_CHECKING:
    from rich.console import Console

    from synth_assets.cli.row_lookup import TableState


def print_tables(console: "Console", states: "Sequence[TableState]") -> None:
    """Print a line for each table, in the order they were made."""
    divided = any(state.partitions > 1 for state in states)
    numbers = ("rows", "rejects", *(("partitions",) if divided else ()), "cost", "committed")
    table = grid(("table", "kind"), numbers)
    for state in states:
        parts = [count(state.partitions)] if divided else []
        cells = [count(state.rows), count(state.rejects) if state.rejects else "", *parts]
        table.add_row(state.table, state.kind, *cells, money(state.cost_usd), moment(state.committed_at))
    console.print(table)
    for state in states:
        if state.folder:
            console.print(f"  the files of {state.table}: {state.folder}\n", style="dim", markup=False)
