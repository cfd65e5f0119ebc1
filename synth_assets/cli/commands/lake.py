"""`synth lake`: care, snapshots, and a plain DuckDB file for other programs."""

from pathlib import Path

import click

from synth_assets.cli.options import json_option

SECTION = "Keep house"
POSITION = 2

DAY_S = 86_400.0


@click.group("lake")
def command() -> None:
    """Care for the lake, list its snapshots, publish it."""


@command.command("care")
@click.option("--older-than", "days", type=click.FloatRange(0), default=7, show_default=True, metavar="DAYS")
@json_option
def care(days: float, as_json: bool) -> None:
    """Clean up.

    Compacts tables, lets snapshots expire that are older than so many days, and deletes files that nothing refers
    to. What tables hold now, and every export that is still there, stays traceable.
    """
    from synth_assets import settings
    from synth_assets.cli.lakes import lake_to_read
    from synth_assets.cli.views.care import print_care
    from synth_assets.cli.views.terminal import out, print_json
    from synth_assets.engine.care import care as care_for

    at = settings.load()
    with lake_to_read(at) as lake:
        cared = care_for(lake, at, days * DAY_S)
    if as_json:
        print_json(cared)
    else:
        print_care(out(), cared)


@command.command("snapshots")
@click.option("--rows", "most", type=click.IntRange(1), default=30, show_default=True, help="How many of the newest.")
@json_option
def snapshots(most: int, as_json: bool) -> None:
    """List the snapshots.

    Each can be read: `synth show TABLE --at N`, `synth sql --at N`, `synth diff TABLE@N TABLE@M`.
    """
    from synth_assets import settings
    from synth_assets.cli.lakes import lake_to_read
    from synth_assets.cli.views.care import print_snapshots
    from synth_assets.cli.views.terminal import out, print_json

    with lake_to_read(settings.load()) as lake:
        found = lake.snapshots()
    if as_json:
        print_json(found[-most:])
    else:
        print_snapshots(out(), found, most)


@command.command("publish")
@click.argument("path", required=False, type=click.Path(dir_okay=False, path_type=Path))
@json_option
def publish(path: Path | None, as_json: bool) -> None:
    """Write the lake as one plain DuckDB file.

    For BI tools and other versions of DuckDB; whoever has the file open keeps what they have. Default: warehouse.duckdb
    in SYNTH_HOME.
    """
    from synth_assets import settings
    from synth_assets.cli.lakes import lake_to_read
    from synth_assets.cli.views.care import print_published
    from synth_assets.cli.views.terminal import out, print_json

    at = settings.load()
    with lake_to_read(at) as lake:
        report = lake.publish(path or at.home / "warehouse.duckdb")
    if as_json:
        print_json(report)
    else:
        print_published(out(), report)
