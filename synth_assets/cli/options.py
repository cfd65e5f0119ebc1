"""Options that several commands share, and how the root learns that JSON was asked for."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])
_JSON = "synth_assets.json"


def _note(ctx: click.Context, _: click.Parameter, value: bool) -> bool:
    ctx.meta[_JSON] = value
    return value


def asks_for_json(ctx: click.Context) -> bool:
    """Return whether the command was called with --json: then its errors are JSON, too."""
    return bool(ctx.meta.get(_JSON))


def json_option(command: Command) -> Command:
    """`--json`: the result on stdout for a script to read; all that is for people stays on stderr."""
    return click.option("--json", "as_json", is_flag=True, callback=_note, help="Print JSON for a script.")(command)


def wish_options(command: Command) -> Command:
    """Return what of a recipe to run."""
    for option in (
        click.option("--limit", type=click.IntRange(1), help="A trial with so many source rows, in tables of its own."),
        click.option("--partition", help="A day or shard; `all` for every one. Default: the newest day, every shard."),
        click.option("--stage", help="Only this stage."),
    ):
        command = option(command)
    return command


at_option = click.option("--at", type=int, metavar="SNAPSHOT", help="As it was at a snapshot.")
