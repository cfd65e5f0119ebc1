"""`synth diff`: what differs between two snapshots of a table, or two exports."""

import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

from synth_assets.cli.options import json_option
from synth_assets.core.errors import SynthError

if TYPE_CHECKING:
    from synth_assets.engine.diff import Difference

SECTION = "Look into it"
POSITION = 4

_VERSION = re.compile(r"(\w+\.\w+)(?:@(\d+))?")


@click.command("diff")
@click.argument("a")
@click.argument("b")
@click.option("--rows", "most", type=click.IntRange(0), default=3, show_default=True, help="Differences told in full.")
@json_option
def command(a: str, b: str, most: int, as_json: bool) -> None:
    """Say what differs between A and B.

    Both are a table (recipe.stage, or recipe.stage@SNAPSHOT), or both are exports: folders, or .jsonl files. Rows are
    matched by row_id, lines by what is not the assistant's.
    """
    from synth_assets.cli.views.differences import print_difference
    from synth_assets.cli.views.terminal import out, print_json

    found = difference(a, b, most)
    if as_json:
        print_json({"different": any(each.any for each in found), "differences": found})
        return
    for each in found:
        print_difference(out(), each)


def difference(a: str, b: str, most: int) -> "list[Difference]":
    """Return the differences: one for two tables, one for each file of two exports."""
    from synth_assets import settings
    from synth_assets.cli.lakes import known_table, lake_to_read
    from synth_assets.engine.diff import Version, diff_files, diff_tables

    paths = (Path(a), Path(b))
    if all(path.exists() for path in paths):
        return diff_files(*paths, most)
    versions = []
    for text in (a, b):
        found = _VERSION.fullmatch(text)
        if found is None:
            raise SynthError(
                "this is neither a file nor a table", where=text, remedy="a table is recipe.stage@SNAPSHOT"
            )
        versions.append(Version(found[1], int(found[2]) if found[2] else None))
    with lake_to_read(settings.load()) as lake:
        for version in versions:
            known_table(lake, version.table, version.at)
        return [diff_tables(lake, versions[0], versions[1], most)]
