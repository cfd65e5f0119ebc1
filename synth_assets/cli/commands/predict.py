"""`synth predict`: a student labels a file of texts, on all cores, and goes on where it was interrupted."""

from pathlib import Path

import click

from synth_assets.cli.options import json_option

SECTION = "Make a dataset"
POSITION = 6


@click.command("predict")
@click.argument("model")
@click.argument("source", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="IN")
@click.argument("target", type=click.Path(dir_okay=False, path_type=Path), metavar="OUT")
@click.option("--column", default="text", show_default=True, help="The key that holds the text.")
@click.option("--workers", type=click.IntRange(1), help="Processes; if not given, one for each core, or one for a GPU.")
@json_option
def command(model: str, source: Path, target: Path, column: str, workers: int | None, as_json: bool) -> None:
    """Label the texts of a file with a trained student.

    MODEL is the folder of a student, or `recipe.stage` for the newest one it has trained. IN is JSONL with a text in
    each line; OUT gets the same lines with `label` and `confidence`. A line without a text has an `error` instead.
    """
    from synth_assets.cli.views.terminal import done, err, print_json, warned
    from synth_assets.cli.views.words import count, some
    from synth_assets.students.bulk_prediction import PredictionJob, predict, usual_workers

    task = PredictionJob(_folder(model).resolve(), source, target, column)
    side_by_side = workers or usual_workers(task.model)
    with err().status("labelling") as status:
        found = predict(
            task,
            side_by_side,
            lambda so_far: status.update(f"{count(so_far.earlier + so_far.lines)} lines labelled"),
        )
    if as_json:
        print_json({"lines": found.earlier + found.lines, "faulty": found.faulty, "file": target})
        return
    done(err(), f"{some(found.earlier + found.lines, 'line')} in {target}")
    if found.faulty:
        warned(err(), f"{some(found.faulty, 'line')} could not be labelled: their `error` says why")


def _folder(model: str) -> Path:
    """Return the folder that is meant: a path, or the newest student of a stage."""
    from synth_assets import settings

    path = Path(model)
    recipe, dot, stage = model.partition(".")
    if path.is_dir() or not dot or "/" in model:
        return path
    return settings.load().exports / recipe / stage / "current"
