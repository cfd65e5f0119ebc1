"""A kind of another package: installed, it is in recipes like ours, and its fingerprint follows its own code."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

PROJECT = """
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "shouting"
version = "1.0"

[project.entry-points."synth_assets.kinds"]
shout = "shouting.shout"

[tool.hatch.build.targets.wheel]
packages = ["shouting"]
"""
KIND = '''
"""`shout`: the texts of a stage in capitals."""

from collections.abc import Iterator, Mapping
from typing import Literal

from shouting.voice import raise_voice
from synth_assets.core.contract import Contract
from synth_assets.core.stage import Row, RowOutcome, Sift, declare_contract


class Shout(Sift):
    """Writes every text in capitals."""

    kind: Literal["shout"] = "shout"

    def contract(self, inputs: Mapping[str, Contract]) -> Contract:
        return declare_contract(inputs[self.from_].columns, self.checks, self.description)

    def sift(self, rows: Iterator[Row], others: Mapping[str, Iterator[Row]]) -> Iterator[RowOutcome]:
        for row in rows:
            yield RowOutcome(row, {"text": raise_voice(str(row.values["text"]))})
'''
VOICE = """
def raise_voice(text):
    return text.upper() + "!"
"""
RECIPE = """
teacher: {model: offline}
stages:
  calm: {kind: source, inline: [{text: hello}, {text: good night}], columns: {text: text}}
  loud: {kind: shout, from: calm}
  told: {kind: annotate, from: loud, instruction: "Is it loud?", labels: [loud, calm]}
"""


def install(project: Path, site: Path, voice: str) -> None:
    package = project / "shouting"
    package.mkdir(parents=True, exist_ok=True)
    (project / "pyproject.toml").write_text(PROJECT)
    (package / "__init__.py").write_text("")
    (package / "shout.py").write_text(KIND)
    (package / "voice.py").write_text(voice)
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    subprocess.run([*pip, "--upgrade", "-t", str(site), str(project)], check=True, capture_output=True, timeout=120)


def synth(folder: Path, env: Mapping[str, str], *words: str) -> str:
    command = [sys.executable, "-m", "synth_assets.cli", *words]
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture
def env(tmp_path: Path) -> Mapping[str, str]:
    (tmp_path / "loud.yaml").write_text(RECIPE)
    return {**os.environ, "PYTHONPATH": str(tmp_path / "site"), "SYNTH_HOME": str(tmp_path / "home")}


def test_a_kind_of_another_package_runs_in_a_recipe(tmp_path: Path, env: Mapping[str, str]) -> None:
    install(tmp_path / "project", tmp_path / "site", VOICE)
    synth(tmp_path, env, "run", "./loud.yaml")
    texts = synth(tmp_path, env, "sql", "SELECT text FROM loud.loud ORDER BY text")
    assert "GOOD NIGHT!" in texts
    assert "HELLO!" in texts


def test_its_fingerprint_follows_the_code_of_its_own_package(tmp_path: Path, env: Mapping[str, str]) -> None:
    project, site = tmp_path / "project", tmp_path / "site"
    install(project, site, VOICE)
    synth(tmp_path, env, "run", "./loud.yaml")

    install(project, site, VOICE.replace("    return", "    # Loud.\n    return"))
    assert synth(tmp_path, env, "run", "./loud.yaml").count("as it was") == 3

    install(project, site, VOICE.replace('"!"', '"!!"'))
    assert synth(tmp_path, env, "run", "./loud.yaml").count("as it was") == 1
    assert "HELLO!!" in synth(tmp_path, env, "sql", "SELECT text FROM loud.loud ORDER BY text")
