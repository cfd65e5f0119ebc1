"""A folder as a person has it: recipes of their own and a home; `synth` is run in it as they would run it."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from synth_assets.cli import main

RECIPE = """\
description: Robots
teacher: {model: offline}
stages:
  raw:
    kind: source
    files: dialogs.jsonl
  rewritten:
    kind: rewrite
    from: raw
    instruction: Be a cheerful robot.
  finetune:
    kind: chat_jsonl
    from: rewritten
    validation: 0.25
"""

TOPICS = ("bread", "rivers", "chess", "the moon", "bees", "maps", "rust", "tea", "bridges", "owls", "sand", "ice")
# The assistant speaks first: not fit to be rewritten, so it becomes a reject.
UNFIT = [{"role": "assistant", "content": "Hello?"}, {"role": "user", "content": "Who is there?"}]


def dialog(topic: str) -> list[dict[str, str]]:
    return [
        {"role": "user", "content": f"Tell me about {topic}."},
        {"role": "assistant", "content": f"There is much to say about {topic}."},
        {"role": "user", "content": 'Say "more", please.'},
        {"role": "assistant", "content": f"More about {topic}, then."},
    ]


@dataclass(frozen=True)
class Said:
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str
    out_bytes: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass(frozen=True)
class Place:
    """The folder."""

    folder: Path
    env: dict[str, str] = field(default_factory=dict)

    @property
    def home(self) -> Path:
        return self.folder / ".synth"

    @property
    def export(self) -> Path:
        return self.home / "exports" / "robots" / "finetune" / "current"

    def environ(self) -> dict[str, str]:
        settings = {"SYNTH_HOME": str(self.home), "SYNTH_RECIPES": str(self.folder / "recipes"), "COLUMNS": "120"}
        return settings | self.env

    def synth(self, *args: str, code: int = 0, stdin: str | None = None) -> Said:
        """Runs a command; the exit code is the one expected."""
        result = CliRunner().invoke(main, list(args), input=stdin, env=self.environ())
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert result.exit_code == code, result.output
        return Said(result.exit_code, result.stdout, result.stderr, result.stdout_bytes)

    def command(self, *args: str) -> tuple[list[str], dict[str, str]]:
        """The same as a process: what to run, and its environment."""
        return [sys.executable, "-m", "synth_assets.cli", *args], {**os.environ, **self.environ()}

    def with_env(self, **env: str) -> "Place":
        return Place(self.folder, {**self.env, **env})

    def write_recipe(self, text: str, name: str = "robots") -> None:
        (self.folder / "recipes" / f"{name}.yaml").write_text(text)

    def write_dialogs(self, dialogs: Sequence[object]) -> None:
        lines = "".join(json.dumps({"messages": each}) + "\n" for each in dialogs)
        (self.folder / "recipes" / "dialogs.jsonl").write_text(lines)


@contextmanager
def running(args: list[str], env: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    """A process that is gone when the block is left, however that happens."""
    with subprocess.Popen(args, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def new_place(folder: Path) -> Place:
    (folder / "recipes").mkdir(parents=True)
    place = Place(folder)
    place.write_recipe(RECIPE)
    place.write_dialogs([dialog(topic) for topic in TOPICS])
    return place


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """Recipes, and nothing made of them yet."""
    return new_place(tmp_path / "work")


@pytest.fixture(scope="session")
def _made_once(tmp_path_factory: pytest.TempPathFactory) -> Place:
    place = new_place(tmp_path_factory.mktemp("made") / "work")
    place.write_dialogs([*(dialog(topic) for topic in TOPICS), UNFIT])
    place.synth("run", "robots")
    return place


@pytest.fixture
def made(_made_once: Place, tmp_path: Path) -> Place:
    """The dataset `robots`: 13 raw dialogs, 12 rewritten, one reject, one export. A copy: tests may change it."""
    shutil.copytree(_made_once.folder, tmp_path / "made", symlinks=True)
    return Place(tmp_path / "made")
