"""A workplace for engine tests: a home of its own, recipes written by the test, the offline teacher."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from synth_assets.engine import Engine, PlanLine, RunSelection, StageResult, plan
from synth_assets.recipes import load_recipe
from synth_assets.settings import Settings, load

RECIPE = """
description: robots
teacher: {{model: offline}}
stages:
  raw:
    kind: source
    files: dialogs.jsonl
  rewritten:
    kind: rewrite
    from: raw
    instruction: {instruction}
  finetune:
    kind: chat_jsonl
    from: rewritten
"""


@dataclass
class Workplace:
    """A folder with recipes, and an engine on it."""

    folder: Path
    settings: Settings
    engine: Engine

    def write(self, name: str, text: str) -> None:
        (self.folder / "recipes" / f"{name}.yaml").write_text(text)

    def write_dialogs(self, dialogs: Sequence[object]) -> None:
        lines = "".join(json.dumps({"messages": dialog}) + "\n" for dialog in dialogs)
        (self.folder / "recipes" / "dialogs.jsonl").write_text(lines)

    def robots(self, instruction: str = "Be a cheerful robot.") -> None:
        self.write("robots", RECIPE.format(instruction=instruction))

    def run(self, name: str = "robots", wish: RunSelection | None = None) -> dict[str, StageResult]:
        recipe = load_recipe(self.folder / "recipes" / f"{name}.yaml")
        return {
            result.table.split(".")[1]: result
            for result in self.engine.run_recipe(recipe, wish or RunSelection()).results
        }

    def plan(self, name: str = "robots", wish: RunSelection | None = None) -> dict[str, PlanLine]:
        recipe = load_recipe(self.folder / "recipes" / f"{name}.yaml")
        return {line.table.split(".")[1]: line for line in plan(self.engine, recipe, wish or RunSelection())}


def dialog(number: int) -> list[dict[str, str]]:
    return [
        {"role": "user", "content": f"What is {number} and {number}? {{DATA_PATH}}"},
        {"role": "assistant", "content": f'It is "{2 * number}", of course.'},
    ]


@pytest.fixture
def workplace(tmp_path: Path) -> Iterator[Workplace]:
    (tmp_path / "recipes").mkdir()
    settings = load({}, tmp_path)
    with Engine(settings) as engine:
        yield Workplace(tmp_path, settings, engine)


@pytest.fixture
def robots(workplace: Workplace) -> Workplace:
    """Twenty dialogs and a recipe that rewrites them."""
    workplace.write_dialogs([dialog(number) for number in range(20)])
    workplace.robots()
    return workplace
