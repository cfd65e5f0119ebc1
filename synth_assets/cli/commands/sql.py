"""`synth sql`: asks the lake one question, or many in a shell."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from synth_assets.cli.answers import FILE_FORMATS, ask, first_rows, write_answer
from synth_assets.cli.options import at_option
from synth_assets.core.errors import SynthError
from synth_assets.core.interrupts import exit_on_ctrl_c

if TYPE_CHECKING:
    from synth_assets.lake import Lake

SECTION = "Look into it"
POSITION = 2


@click.command("sql")
@click.argument("query", required=False)
@click.option(
    "--format", "kind", type=click.Choice(("table", *FILE_FORMATS)), help="Default: table, or as -o is named."
)
@click.option("-o", "--output", "file", type=click.Path(dir_okay=False, path_type=Path), help="Write to a file.")
@at_option
def command(query: str | None, kind: str | None, file: Path | None, at: int | None) -> None:
    """Ask the lake with SQL.

    QUERY is one SELECT; tables are named recipe.stage, and `ops.calls` and `ops.commits` hold what was bought and
    made. Without a QUERY, a shell opens (or stdin is read, if it is no terminal). Nothing can be changed from here.
    """
    from synth_assets import settings
    from synth_assets.cli.lakes import lake_to_read

    at_home = settings.load()
    with lake_to_read(at_home) as lake:
        if query is None and sys.stdin.isatty():
            from synth_assets.cli.shell import Shell

            Shell(lake, at).run(at_home.home / "sql_history")
            return
        with exit_on_ctrl_c():
            _answer(lake, query or sys.stdin.read(), _format(kind, file), file, at)


def _format(kind: str | None, file: Path | None) -> str:
    if kind is not None:
        return kind
    named = file.suffix.removeprefix(".") if file is not None else "table"
    if named not in ("table", *FILE_FORMATS):
        raise click.UsageError(f"name a format: --format {', '.join(FILE_FORMATS)}")
    return named


def _answer(lake: "Lake", query: str, kind: str, file: Path | None, at: int | None) -> None:
    from synth_assets.cli.views.answers import print_answer
    from synth_assets.cli.views.terminal import out

    if kind == "table":
        if file is not None:
            raise click.UsageError("a table is for the terminal: write csv, json or parquet to a file")
        print_answer(out(), first_rows(lake, query, at))
        return
    if kind == "parquet" and file is None and sys.stdout.isatty():
        raise click.UsageError("Parquet is not for a terminal: name a file with -o")
    reader = ask(lake, query, at)
    if file is None:
        write_answer(reader, kind, sys.stdout.buffer)
        return
    draft = file.with_name(f".{file.name}.part")
    try:
        with draft.open("wb") as target:
            write_answer(reader, kind, target)
        draft.replace(file)
    except OSError as error:
        raise SynthError(f"it cannot be written: {error.strerror}", where=str(file)) from error
    finally:
        draft.unlink(missing_ok=True)
