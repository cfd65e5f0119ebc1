"""The root of `synth`: every command can be called for help, and calling for help loads nothing heavy."""

import subprocess
import sys

import click
import pytest
from click.testing import CliRunner

from synth_assets.cli import main
from synth_assets.cli.root import SECTIONS

NAMES = [name for names in SECTIONS.values() for name in names]
HEAVY = ("dagster", "duckdb", "pandas", "pandera", "pyarrow", "mistralai", "aiohttp", "datasets", "rich", "pydantic")


def every_command() -> list[list[str]]:
    """Each command, and each command of a group."""
    context = click.Context(main)
    found = []
    for name in NAMES:
        command = main.get_command(context, name)
        inner = sorted(command.commands) if isinstance(command, click.Group) else []
        found += [[name], *([name, each] for each in inner)]
    return found


@pytest.mark.parametrize("path", every_command(), ids=" ".join)
def test_every_command_says_what_it_does(path: list[str]) -> None:
    result = CliRunner().invoke(main, [*path, "--help"])
    assert result.exit_code == 0
    usage, _, told = result.output.partition("\n\n")
    assert " ".join(path) in usage
    assert told.split("\n\n")[0].strip().endswith((".", ":"))


def test_the_help_lists_every_command_under_its_section() -> None:
    shown = CliRunner().invoke(main, ["--help"]).output
    for title, names in SECTIONS.items():
        assert f"{title}:" in shown
        for name in names:
            assert f"\n  {name} " in shown


def test_help_loads_no_library_of_weight() -> None:
    code = (
        "import sys; from synth_assets.cli import main\n"
        "try: main(['--help'])\n"
        f"finally: print('LOADED', sorted(set({HEAVY!r}) & set(sys.modules)))"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert shown.rstrip().endswith("LOADED []")


def test_the_version_is_told() -> None:
    assert "0.1.0" in CliRunner().invoke(main, ["--version"], prog_name="synth").output
