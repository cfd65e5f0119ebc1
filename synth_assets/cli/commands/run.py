"""`synth run`: makes the tables of a recipe, shows how it goes, and says what came of it."""

import sys
from typing import TYPE_CHECKING

import click

from synth_assets.cli.options import json_option, wish_options
from synth_assets.cli.root import INTERRUPTED
from synth_assets.core.errors import SynthError
from synth_assets.core.interrupts import treat_sigterm_as_ctrl_c

if TYPE_CHECKING:
    from synth_assets.engine import Engine, RecipeRun, RunSelection
    from synth_assets.recipes import Recipe

SECTION = "Make a dataset"
POSITION = 4


@click.command("run")
@click.argument("recipe")
@wish_options
@click.option("--force", is_flag=True, help="Make tables anew even if they are current; answers stay bought.")
@click.option("--yes", is_flag=True, help="Do not ask before spending.")
@json_option
@click.pass_context
def command(
    ctx: click.Context,
    recipe: str,
    stage: str | None,
    partition: str | None,
    limit: int | None,
    force: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Make the dataset of a recipe.

    Answers that were bought before come from the ledger, and tables that are current stay as they are. Ctrl-C stops
    cleanly: the next run goes on from there.
    """
    from synth_assets import settings
    from synth_assets.cli.recipes import recipe_named
    from synth_assets.engine import Engine, RecipeRun, RunSelection

    at = settings.load()
    found = recipe_named(at, recipe)
    with Engine(at) as engine:
        selection = RunSelection(stage, partition, limit, force)
        run = RecipeRun(engine, found, selection)
        is_watched = sys.stdin.isatty() and sys.stderr.isatty()
        if is_watched and not yes and not _may_spend(engine, found, selection):
            click.echo("nothing was asked, nothing spent", err=True)
            ctx.exit(1)
        ctx.exit(go(run, as_json=as_json))


def go(run: "RecipeRun", *, as_json: bool) -> int:
    """Runs, and prints what came of it; the exit code."""
    from synth_assets.cli.views.progress import watching

    error: SynthError | None = None
    code = 0
    treat_sigterm_as_ctrl_c()
    try:
        _print_banners(run)
        with watching() as watcher:
            run.execute(watcher)
    except SynthError as stopped:
        error, code = stopped, stopped.exit_code
    except KeyboardInterrupt:
        code = INTERRUPTED
    if as_json:
        _print_json(run, error)
    else:
        _print(run, error, code)
    return code


def _print_banners(run: "RecipeRun") -> None:
    from synth_assets.cli.views.terminal import err, warned

    for notice in run.notices():
        warned(err(), notice)


def _may_spend(engine: "Engine", recipe: "Recipe", selection: "RunSelection") -> bool:
    """On a terminal, a run that costs money (or nobody knows what) is shown before it begins."""
    from synth_assets.cli.planning import plan_of
    from synth_assets.cli.views.plans import print_plan
    from synth_assets.cli.views.terminal import err

    planned = plan_of(engine, recipe, selection)
    if planned.total.cost_usd == 0:
        return True
    print_plan(err(), planned)
    return click.confirm("Go on?", default=True, err=True)


def _print_json(run: "RecipeRun", error: SynthError | None) -> None:
    from synth_assets.cli.run_service import run_json
    from synth_assets.cli.views.errors import error_json
    from synth_assets.cli.views.terminal import print_json

    report = run_json(run)
    print_json(report if error is None else {**report, "error": error_json(error)})


def _print(run: "RecipeRun", error: SynthError | None, code: int) -> None:
    from synth_assets.cli.views.errors import print_error
    from synth_assets.cli.views.runs import print_kept, print_summary
    from synth_assets.cli.views.terminal import out

    print_summary(out(), run)
    if error is not None:
        print_error(error, as_json=False)
    if code:
        print_kept(run, interrupted=code == INTERRUPTED)
