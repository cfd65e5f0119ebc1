"""A project of somebody else's: `dg` scaffolds a recipe there, checks it and lists its assets."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = """
[project]
name = "theirs"
version = "0.1.0"

[tool.dg]
directory_type = "project"

[tool.dg.project]
root_module = "theirs"
"""
COMPONENT = "synth_assets.assets.RecipeComponent"


def dg_command(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """`dg`, as it is on the PATH of a person who works in that folder."""
    scripts = str(Path(sys.executable).parent)
    environ = {**os.environ, "PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}", "PYTHONPATH": str(folder)}
    environ |= {"DG_CLI_CONFIG": str(folder / "user.toml"), "DAGSTER_DISABLE_TELEMETRY": "1", "COLUMNS": "200"}
    environ |= {"DAGSTER_HOME": str(folder), "SYNTH_HOME": str(folder / ".synth")}
    command = [sys.executable, "-m", "dagster_dg_cli.cli", *arguments]
    return subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, timeout=100, check=False)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "pyproject.toml").write_text(PROJECT)
    (tmp_path / "user.toml").write_text("[cli.telemetry]\nenabled = false\n")
    defs = tmp_path / "theirs" / "defs"
    defs.mkdir(parents=True)
    (tmp_path / "theirs" / "__init__.py").touch()
    (defs / "__init__.py").touch()
    (tmp_path / "theirs" / "definitions.py").write_text(
        "from pathlib import Path\n\nfrom dagster import definitions, load_from_defs_folder\n\n\n"
        "@definitions\ndef defs():\n    return load_from_defs_folder(path_within_project=Path(__file__).parent)\n"
    )
    return tmp_path


@pytest.mark.slow
def test_a_recipe_is_scaffolded_checked_and_listed(project: Path) -> None:
    made = dg_command(project, "scaffold", "defs", COMPONENT, "patient")
    assert made.returncode == 0, made.stdout + made.stderr
    folder = project / "theirs" / "defs" / "patient"
    assert "recipe: patient.yaml" in (folder / "defs.yaml").read_text()
    checked = dg_command(project, "check", "defs")
    assert checked.returncode == 0, checked.stdout + checked.stderr
    listed = dg_command(project, "list", "defs", "--json")
    for stage in ("raw_dialogs", "rewritten_dialogs", "finetune"):
        assert f"patient/{stage}" in listed.stdout
    (folder / "patient.yaml").write_text("stages:\n  one: {kind: soruce}\n")
    assert "patient/broken_recipe" in dg_command(project, "list", "defs", "--json").stdout


@pytest.mark.slow
def test_an_unknown_attribute_is_named(project: Path) -> None:
    dg_command(project, "scaffold", "defs", COMPONENT, "patient")
    with (project / "theirs" / "defs" / "patient" / "defs.yaml").open("a") as file:
        file.write("  recipee: patient.yaml\n")
    checked = dg_command(project, "check", "yaml")
    assert checked.returncode != 0
    assert "recipee" in checked.stdout + checked.stderr
