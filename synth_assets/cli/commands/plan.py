"""`synth plan`: what a run would do and cost, before anything is spent."""

import click

from synth_assets.cli.options import json_option, wish_options

SECTION = "Make a dataset"
POSITION = 3


@click.command("plan")
@click.argument("recipe")
@wish_options
@click.option("--force", is_flag=True, help="As if `run --force` were meant.")
@json_option
def command(
    recipe: str, stage: str | None, partition: str | None, limit: int | None, force: bool, as_json: bool
) -> None:
    """Say what a run would do and cost.

    Rows, calls, answers that the ledger has, tokens, money and time, for each table; nothing is asked and nothing
    written but the lake's own tables.
    """
    from synth_assets import settings
    from synth_assets.cli.planning import plan_of
    from synth_assets.cli.recipes import recipe_named
    from synth_assets.cli.views.plans import print_plan
    from synth_assets.cli.views.terminal import out, print_json
    from synth_assets.engine import Engine, RunSelection

    at = settings.load()
    found = recipe_named(at, recipe)
    with Engine(at) as engine:
        planned = plan_of(engine, found, RunSelection(stage, partition, limit, force))
    if as_json:
        print_json(planned.to_json())
    else:
        print_plan(out(), planned)
