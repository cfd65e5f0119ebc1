"""`synth check`: reads every recipe and SQL model, and says all that is wrong with them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from synth_assets.cli.options import json_option
from synth_assets.cli.recipes import is_file

if TYPE_CHECKING:
    from synth_assets.core.errors import SynthError
    from synth_assets.recipes import Recipe
    from synth_assets.settings import Settings

BROKEN = 2


@click.command("check")
@click.argument("recipes", nargs=-1, metavar="[RECIPE]...")
@json_option
@click.pass_context
def command(ctx: click.Context, recipes: tuple[str, ...], as_json: bool) -> None:
    """Find what is wrong with recipes and SQL models.

    Nothing is run and nothing spent. RECIPE is a name or a file; without one, all recipes and SQL models are checked.
    The exit code is 2 if any is broken.
    """
    from synth_assets import settings

    found = check(settings.load(), recipes)
    _print_json(found) if as_json else _print(found)
    ctx.exit(BROKEN if any(each.problems for each in found.checked) else 0)


@dataclass(frozen=True, slots=True)
class Checked:
    """A recipe or SQL model, and all that is wrong with it."""

    kind: str
    name: str
    told: str
    problems: "Sequence[SynthError]" = ()


@dataclass(frozen=True, slots=True)
class Checks:
    """All that was checked, and what is worth knowing besides."""

    checked: list[Checked]
    notes: list[str]


def check(settings: "Settings", names: Sequence[str]) -> Checks:
    """Checks what is named, else everything."""
    from synth_assets.recipes import find_recipes

    found = find_recipes(settings)
    if names:
        return Checks([_of_name(settings, name) for name in names], found.notes)
    whole = [_good(recipe) for recipe in found.recipes.values()]
    broken = [Checked("recipe", name, "", problems) for name, problems in found.broken.items()]
    models = _models(settings)
    return Checks(sorted([*whole, *broken], key=lambda each: each.name) + list(models), found.notes)


def _of_name(settings: "Settings", name: str) -> Checked:
    from synth_assets.cli.recipes import recipe_named
    from synth_assets.recipes import BrokenRecipe

    try:
        return _good(recipe_named(settings, name))
    except BrokenRecipe as error:
        return Checked("recipe", Path(name).stem if is_file(name) else name, "", error.problems)


def _good(recipe: "Recipe") -> Checked:
    kinds = " → ".join(stage.kind for stage in recipe.stages.values())
    return Checked("recipe", recipe.name, f"{kinds}{'' if recipe.shipped else f'  ({recipe.path.name})'}")


def _models(settings: "Settings") -> Iterator[Checked]:
    yield from ()


def _print_json(found: Checks) -> None:
    from synth_assets.cli.view.errors import error_json
    from synth_assets.cli.view.terminal import print_json

    checked = [
        {"kind": each.kind, "name": each.name, "problems": [error_json(problem) for problem in each.problems]}
        for each in found.checked
    ]
    print_json({"good": not any(each.problems for each in found.checked), "checked": checked, "notes": found.notes})


def _print(found: Checks) -> None:
    from rich.text import Text

    from synth_assets.cli.view.errors import error_text
    from synth_assets.cli.view.terminal import done, failed, out, warned
    from synth_assets.cli.view.words import some

    console = out()
    width = max((len(each.name) for each in found.checked), default=0)
    for each in found.checked:
        mark = ("✗", "bold red") if each.problems else ("✓", "bold green")
        console.print(Text.assemble(mark, f" {each.name:<{width}}  ", (each.told, "dim")))
        for problem in each.problems:
            console.print(error_text(problem, mark=False))
    for note in found.notes:
        warned(console, note)
    problems = sum(len(each.problems) for each in found.checked)
    broken = sum(bool(each.problems) for each in found.checked)
    console.print()
    if broken:
        failed(console, f"{some(problems, 'problem')} in {broken} of {some(len(found.checked), 'file')}")
    else:
        done(console, f"{some(len(found.checked), 'file')}, nothing wrong")
