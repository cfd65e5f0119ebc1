"""`synth show`: the tables of a recipe, or the rows of a table; rewrites beside what they were made from."""

from typing import TYPE_CHECKING

import click

from synth_assets.cli.options import at_option
from synth_assets.cli.row_lookup import FETCHED
from synth_assets.core.errors import LakeError

if TYPE_CHECKING:
    from rich.console import Console

    from synth_assets.cli.row_lookup import View
    from synth_assets.lake import Lake

SECTION = "Look into it"
POSITION = 1

RECORDS = 3


@click.command("show")
@click.argument("what", metavar="TABLE|RECIPE")
@click.option(
    "--rows", type=click.IntRange(1), help=f"How many rows. Default: {FETCHED}, or {RECORDS} with long texts."
)
@click.option("--partition", help="Only rows of this day or shard.")
@click.option("--rejects", is_flag=True, help="The rows that were turned away, and why.")
@click.option(
    "--side-by-side/--alone", "side_by_side", default=True, help="Dialogs beside what they were before, or alone."
)
@at_option
def command(
    what: str, rows: int | None, partition: str | None, rejects: bool, side_by_side: bool, at: int | None
) -> None:
    """Show the tables of a recipe, or the rows of a table.

    Rewritten dialogs stand beside their originals, turn by turn. For more than looking, there is `synth sql`.
    """
    from synth_assets import settings
    from synth_assets.cli.lakes import known_table, lake_to_read
    from synth_assets.cli.row_lookup import View
    from synth_assets.cli.views.terminal import out

    with lake_to_read(settings.load()) as lake:
        if "." not in what:
            _show_recipe(out(), lake, what)
            return
        table = known_table(lake, f"{what}__rejects" if rejects else what, at)
        _show_table(out(), lake, View(table, rows, partition, at), side_by_side=side_by_side)


def _show_table(console: "Console", lake: "Lake", view: "View", *, side_by_side: bool) -> None:
    from synth_assets.cli.row_lookup import shown
    from synth_assets.cli.views.rows import is_wide, print_rows

    found = shown(lake, view, with_originals=side_by_side)
    print_rows(console, found, view.rows or (RECORDS if is_wide(found) else FETCHED))


def _show_recipe(console: "Console", lake: "Lake", name: str) -> None:
    """Print the tables of a recipe, and a row of the last that a teacher made."""
    from synth_assets.cli.row_lookup import View, tables_of
    from synth_assets.cli.views.tables import print_tables

    states = tables_of(lake, name)
    if not states:
        raise LakeError("there is no table of that recipe yet", where=name, remedy=f"make them with `synth run {name}`")
    print_tables(console, states)
    asked = [state.table for state in states if "call_keys" in lake.columns(state.table)]
    if asked:
        _show_table(console, lake, View(asked[-1], 1), side_by_side=True)
