"""`synth export`: brings the training files of a recipe up to date, and copies them to a folder."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from synth_assets.cli.exporting import Export, copy_export, raise_if_in_the_way, sinks_of
from synth_assets.cli.options import json_option
from synth_assets.core.errors import SynthError

if TYPE_CHECKING:
    from synth_assets.engine import Engine
    from synth_assets.recipes import Recipe

SECTION = "Make a dataset"
POSITION = 5


@click.command("export")
@click.argument("recipe")
@click.option("--to", type=click.Path(file_okay=False, path_type=Path), help="Copy the files to this folder.")
@click.option("--stage", help="The stage that writes them, where there are several.")
@click.option("--force", is_flag=True, help="Put it in the place of an export that is there.")
@json_option
def command(recipe: str, to: Path | None, stage: str | None, force: bool, as_json: bool) -> None:
    """Write the training files of a recipe.

    Only the files are brought up to date, from the tables as they are; `synth run` makes the tables. With several
    stages that write files, each gets a folder of its name in the folder that --to names.
    """
    from synth_assets.cli.views.exports import print_exports
    from synth_assets.cli.views.terminal import out, print_json

    exports = _exports(recipe, to, stage, force=force)
    if as_json:
        print_json(exports)
    else:
        print_exports(out(), exports)


def _made(engine: "Engine", recipe: "Recipe", sink: str) -> Path:
    """Return the folder of the newest export of a stage; one that somebody removed is made again."""
    from synth_assets.cli.views.progress import watching
    from synth_assets.engine import RunSelection

    for force in (False, True):
        with watching() as watcher:
            run = engine.run_recipe(recipe, RunSelection(sink, force=force), watcher)
        folder = run.results[-1].folder
        if folder is not None and folder.is_dir():
            return folder
    raise SynthError("it wrote no files", where=f"{recipe.name}.{sink}")


def _exports(name: str, to: Path | None, stage: str | None, *, force: bool) -> list[Export]:
    from synth_assets import settings
    from synth_assets.cli.recipes import recipe_named
    from synth_assets.engine import Engine
    from synth_assets.exports import manifest

    at = settings.load()
    recipe = recipe_named(at, name)
    sinks = sinks_of(recipe, stage)
    targets = {sink: to / sink if to and len(sinks) > 1 else to for sink in sinks}
    for wanted in filter(None, targets.values()):
        raise_if_in_the_way(wanted, force=force)
    exports = []
    with Engine(at) as engine:
        for sink in sinks:
            target, folder = targets[sink], _made(engine, recipe, sink)
            copied = copy_export(folder, target) if target else manifest.read(folder)
            exports.append(Export(target or folder, copied))
    return exports
