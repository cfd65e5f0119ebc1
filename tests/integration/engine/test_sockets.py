"""The engine against a teacher behind a real socket: all rows accounted for, kills, and runs side by side."""

import json
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from synth_assets.engine import Engine, RunSelection, plan
from synth_assets.recipes import load_recipe
from synth_assets.settings import load
from synth_assets.teacher.served.server import ServedTeacher, served
from tests.integration.engine.conftest import RECIPE, dialog
from tests.support import killed_runs as killing

MISTRAL = RECIPE.replace("model: offline", "model: mistral-small-latest, limits: {{concurrency: 64}}")
IN_FLIGHT = 64


@pytest.fixture
def teacher() -> Iterator[ServedTeacher]:
    with served() as server:
        yield server


def _write(folder: Path, dialogs: list[object], name: str = "robots", instruction: str = "Be a robot.") -> Path:
    (folder / "recipes").mkdir(exist_ok=True)
    lines = "".join(json.dumps({"messages": messages}) + "\n" for messages in dialogs)
    (folder / "recipes" / "dialogs.jsonl").write_text(lines)
    path = folder / "recipes" / f"{name}.yaml"
    path.write_text(MISTRAL.format(instruction=instruction))
    return path


def _planned_and_made(folder: Path, recipe: Path, server: ServedTeacher) -> tuple[int, int, int]:
    """The calls that the plan foresaw, that the run made, and that the server counted."""
    before = int(str(server.stats()["calls"]))
    with Engine(load({"MISTRAL_BASE_URL": server.url}, folder)) as engine:
        loaded = load_recipe(recipe)
        planned = sum(line.calls for line in plan(engine, loaded, RunSelection()))
        results = engine.run_recipe(loaded).results
    for result in results:
        assert result.reused or result.tally.rows + result.tally.rejects == result.tally.input_rows
    return planned, sum(result.tally.calls for result in results), int(str(server.stats()["calls"])) - before


def test_964_real_dialogs(real_data: Path, tmp_path: Path, teacher: ServedTeacher) -> None:
    threads = (real_data / "dialogs" / "oasst1_threads.jsonl").read_text().splitlines()
    dialogs = [json.loads(line)["messages"] for line in threads]
    asked = len({json.dumps(messages) for messages in dialogs})
    recipe = _write(tmp_path, dialogs)
    assert len(dialogs) == 964

    assert _planned_and_made(tmp_path, recipe, teacher) == (asked, asked, asked)
    assert _planned_and_made(tmp_path, recipe, teacher) == (0, 0, 0)

    dialogs[100] = dialog(1)
    assert _planned_and_made(tmp_path, _write(tmp_path, dialogs), teacher) == (1, 1, 1)

    recipe = _write(tmp_path, dialogs, instruction="Be a pirate.")
    assert _planned_and_made(tmp_path, recipe, teacher) == (asked, asked, asked)


def test_a_changed_parser_calls_nobody(tmp_path: Path, teacher: ServedTeacher, monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = _write(tmp_path, [dialog(number) for number in range(50)])
    assert _planned_and_made(tmp_path, recipe, teacher) == (50, 50, 50)
    monkeypatch.setattr("synth_assets.recipes.recipe.code_hash", lambda kind: f"new code of {kind.__name__}")
    assert _planned_and_made(tmp_path, recipe, teacher) == (0, 0, 0)


@pytest.mark.slow
def test_a_killed_run_buys_again_at_most_what_was_in_flight_and_the_burst_of_the_last_50_ms(tmp_path: Path) -> None:
    rows, dice, lost = 300, random.Random(1), 0
    recipe = _write(tmp_path, [dialog(number) for number in range(rows)])
    with served(faults="latency=320ms") as server:
        for _ in range(2):
            killed = killing.run_and_kill(tmp_path, recipe, server.url, dice.uniform(0.3, 1.0))
            assert killed.due() <= killing.kept(tmp_path)
            lost += IN_FLIGHT + len(killed.arrived) - len(killed.due())
        assert killing.run_and_kill(tmp_path, recipe, server.url, None).finished
        assert rows <= int(str(server.stats()["calls"])) <= rows + lost
        assert killing.faults(tmp_path, rows, recipe, server.url) == []


@pytest.mark.slow
def test_four_recipes_run_while_two_shells_ask(tmp_path: Path) -> None:
    names = ["ada", "bob", "cat", "dan"]
    recipes = [_write(tmp_path, [dialog(number) for number in range(200)], name, f"Be {name}.") for name in names]
    asking = (
        "import sys\nfrom pathlib import Path\nfrom synth_assets.settings import load\n"
        "from synth_assets.lake import open_lake\nlake = open_lake(load({}, Path(sys.argv[1])))\n"
        "print('ready', flush=True)\nfor n in range(10**9):\n"
        "    [lake.count(table) for table in lake.tables()]\n    print(n, flush=True)\n"
    )
    with served(faults="latency=100ms") as server:
        with Engine(load({}, tmp_path)):
            pass
        shells = [
            subprocess.Popen([sys.executable, "-c", asking, str(tmp_path)], stdout=subprocess.PIPE, text=True)
            for _ in range(2)
        ]
        runs = [
            subprocess.Popen(
                [sys.executable, "-c", killing.RUNNER, str(tmp_path), str(recipe), server.url],
                stdout=subprocess.PIPE,
                text=True,
            )
            for recipe in recipes
        ]
        ends = [run.communicate()[0].splitlines()[-1] for run in runs]
        for shell in shells:
            assert shell.poll() is None, "a shell met an error"
            shell.kill()
            asked = shell.communicate()[0].splitlines()
            assert len(asked) > 10
    assert [run.returncode for run in runs] == [0] * 4
    assert ends == [f"done {name}.finetune 0" for name in names]
