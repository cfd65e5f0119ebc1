"""`synth check`: reads every recipe and SQL model, and says all that is wrong with them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from synth_assets.cli.lakes import lake_to_read
from synth_assets.cli.options import json_option
from synth_assets.cli.recipes import is_file

if TYPE_CHECKING:
    from synth_assets.core.errors import SynthError
    from synth_assets.recipes import Recipe
    from synth_assets.settings import Settings
    from synth_assets.sql import Model

SECTION = "Make a dataset"
POSITION = 2

BROKEN = 2


@click.command("check")
@click.argument("recipes", nargs=-1, metavar="[RECIPE]...")
@json_option
@click.pass_context
def command(ctx: click.Context, recipes: tuple[str, ...], as_json: bool) -> None:
    """Find what is wrong with recipes and SQL models.

    Nothing is run and nothing spent. RECIPE is a name or a file; without one, every recipe and SQL model is checked.
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
        return Checks([_of_name(settings, name) for name in names], [])
    whole = [_good(recipe) for recipe in found.recipes.values()]
    broken = [Checked("recipe", name, "", problems) for name, problems in found.broken.items()]
    models, notes = _models(settings, found.recipes)
    return Checks(sorted([*whole, *broken], key=lambda each: each.name) + models, [*found.notes, *notes])


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


def _models(settings: "Settings", recipes: "Mapping[str, Recipe]") -> tuple[list[Checked], list[str]]:
    """Return the SQL models, checked against the tables that recipes make and those of the lake."""
    from synth_assets.sql import check_models, find_models

    found = find_models(settings)
    faults: dict[str, list[SynthError]] = {table: list(errors) for table, errors in found.broken.items()}
    for error in check_models(found.models, _known_tables(settings, recipes)):
        faults.setdefault(_model_of(found.models, error), []).append(error)
    fields = {model.table: f"SQL over {', '.join(model.inputs)}" for model in found.models}
    names = sorted({*fields, *faults})
    return [Checked("sql", name, fields.get(name, ""), faults.get(name, ())) for name in names], list(found.notes)


def _model_of(models: "Sequence[Model]", error: "SynthError") -> str:
    """Return the table of the model that an error is about: it names the file, or the contract beside it."""
    file = (error.where or "").rpartition(":")[0].removesuffix(".sql").removesuffix(".yaml")
    return next((model.table for model in models if model.shown.removesuffix(".sql") == file), "SQL models")


def _known_tables(settings: "Settings", recipes: "Mapping[str, Recipe]") -> dict[str, dict[str, str]]:
    """Return the columns of every table that a model may read: as recipes will make them, and as the lake has them."""
    from synth_assets.engine.tables import ENGINE_TABLES, REJECTS_CONTRACT, rejects_of
    from synth_assets.lake.names import columns_of, duckdb_type

    known: dict[str, dict[str, str]] = {}
    if (settings.home / "lake").is_dir():
        with lake_to_read(settings) as lake:
            known = {table: lake.columns(table) for table in lake.tables()}
    wanted = {table: columns_of(contract, ids=False, calls=False) for table, contract in ENGINE_TABLES.items()}
    for recipe in recipes.values():
        for stage, contract in recipe.contracts.items():
            table = f"{recipe.name}.{stage}"
            wanted[table] = columns_of(contract, ids=True, calls=recipe.stages[stage].shape == "ask")
            wanted[rejects_of(table)] = columns_of(REJECTS_CONTRACT, ids=True, calls=True)
    return known | {
        table: {name: duckdb_type(kind) for name, kind in columns.items()} for table, columns in wanted.items()
    }


def _print_json(found: Checks) -> None:
    from synth_assets.cli.views.errors import error_json
    from synth_assets.cli.views.terminal import print_json

    checked = [
        {"kind": each.kind, "name": each.name, "problems": [error_json(problem) for problem in each.problems]}
        for each in found.checked
    ]
    print_json({"good": not any(each.problems for each in found.checked), "checked": checked, "notes": found.notes})


def _print(found: Checks) -> None:
    from rich.text import Text

    from synth_assets.cli.views.errors import error_text
    from synth_assets.cli.views.terminal import done, failed, out, warned
    from synth_assets.cli.views.words import some

    console = out()
    width = max((len(each.name) for each in found.checked), default=0)
    for each in found.checked:
        mark = ("✗", "bold red") if each.problems else ("✓", "bold green")
        console.print(Text.assemble(mark, f" {each.name:<{width}}  ", (each.told, "dim")))
        for problem in each.problems:
            console.print(error_text(problem, mark=False), soft_wrap=True)
    for note in found.notes:
        warned(console, note)
    problems = sum(len(each.problems) for each in found.checked)
    broken = sum(bool(each.problems) for each in found.checked)
    console.print()
    if broken:
        failed(console, f"{some(problems, 'problem')} in {broken} of {some(len(found.checked), 'file')}")
    else:
        done(console, f"{some(len(found.checked), 'file')}, nothing wrong")
