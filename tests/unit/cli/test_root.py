"""The root of `synth`: every command can be called for help, and help is shown at once."""

import re
import resource
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from synth_assets.cli import commands, main
from synth_assets.cli.root import SECTIONS, command_names, commands_by_section

NAMES = command_names()


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
    sections = commands_by_section()
    assert sorted(name for names in sections.values() for name in names) == NAMES, "a SECTION that the help lacks"
    assert list(sections) == list(SECTIONS)
    found = [
        shown.index(f"\n  {name} ", shown.index(f"{title}:")) for title, names in sections.items() for name in names
    ]
    assert found == sorted(found), "a section's commands are in their order"


def test_a_command_is_added_by_one_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = ["import click", 'SECTION = "Keep house"', '@click.command("hello_from_a_test")', "def command() -> None:"]
    (tmp_path / "hello_from_a_test.py").write_text(
        "\n".join([*lines, '    """Say hello."""', '    click.echo("hello")'])
    )
    monkeypatch.setattr(commands, "__path__", [*commands.__path__, str(tmp_path)])
    shown = CliRunner().invoke(main, ["--help"]).output
    assert re.search(r"Keep house:.*\n  teacher .*\n  hello_from_a_test +Say hello", shown, re.DOTALL), (
        "without a POSITION it is last"
    )
    assert CliRunner().invoke(main, ["hello_from_a_test"]).output == "hello\n"


def cpu_seconds(*arguments: str) -> float:
    """Processor time of a Python process: what a busy machine does beside it does not count."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, *arguments], stdout=subprocess.DEVNULL, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def test_help_is_there_before_one_large_library_would_be() -> None:
    shown = min(cpu_seconds("-m", "synth_assets.cli", "--help") for _ in range(2))
    assert shown < min(cpu_seconds("-c", "import pandas") for _ in range(2))


def test_the_version_is_told() -> None:
    assert "0.1.0" in CliRunner().invoke(main, ["--version"], prog_name="synth").output
