"""How long people wait for Dagster, and what it adds to the engine: `PYTHONPATH=. python tests/bench/ui.py`."""

import contextlib
import io
import json
import logging
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import dagster as dg

from synth_assets.assets import build_definitions
from synth_assets.engine import Engine
from synth_assets.recipes import find_recipe
from synth_assets.settings import load
from tests.support.served_ui import served

STAGES = 10
RECIPE = """
teacher: {model: offline}
stages:
  step_0:
    kind: source
    files: rows.jsonl
    columns: {topic: text}
"""


def serving() -> None:
    """From the command to the UI, to the first dataset; from a click to a dataset made again."""
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        with served(Path(folder)) as up:
            up.wait_for_words("✓ Dagster's UI is at")
            print(f"command to UI ready            {time.perf_counter() - started:6.1f} s")
            up.wait_for_words("Ctrl-C ends it all")
            print(f"command to first dataset       {time.perf_counter() - started:6.1f} s")
            clicked = time.perf_counter()
            up.run("mitall")
            print(f"click to mitall materialized   {time.perf_counter() - clicked:6.1f} s (nothing new to ask)")
            ended = time.perf_counter()
            up.end()
            print(f"Ctrl-C to all ended            {time.perf_counter() - ended:6.1f} s")


def overhead() -> None:
    """A chain of stages that do little, by the engine alone and as a job of Dagster in the same process."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for needed in ("recipes", "dagster"):
            (folder / needed).mkdir()
        lines = [json.dumps({"topic": f"t{number}"}) + "\n" for number in range(100)]
        (folder / "recipes" / "rows.jsonl").write_text("".join(lines))
        for recipe in ("warming", "alone", "assets"):
            _write(folder, recipe)
        with dg.DagsterInstance.local_temp(str(folder / "dagster")) as instance:
            definitions = build_definitions(load({}, folder))
            for recipe in ("warming", "assets"):
                as_assets = _cost(lambda recipe=recipe: _by_dagster(definitions, instance, recipe))
        alone = _cost(lambda: _by_engine(folder, "alone"))
    print(f"a stage by the engine alone    {alone}")
    print(f"a stage as an asset            {as_assets}")


def _cost(work: Callable[[], None]) -> str:
    cpu, started = time.process_time(), time.perf_counter()
    work()
    took_s, cpu_s = time.perf_counter() - started, time.process_time() - cpu
    return f"{1000 * took_s / STAGES:6.0f} ms, {1000 * cpu_s / STAGES:4.0f} ms of CPU"


def _by_dagster(definitions: dg.Definitions, instance: dg.DagsterInstance, name: str) -> None:
    with contextlib.redirect_stderr(io.StringIO()):
        definitions.resolve_job_def(name).execute_in_process(instance=instance)


def _by_engine(folder: Path, name: str) -> None:
    settings = load({}, folder)
    with Engine(settings) as engine:
        for _ in engine.run_recipe(find_recipe(settings, name)).results:
            pass


def _write(folder: Path, name: str) -> None:
    steps = "".join(
        f"  step_{n}:\n    kind: filter\n    from: step_{n - 1}\n    where: length(topic) > 0\n"
        for n in range(1, STAGES)
    )
    (folder / "recipes" / f"{name}.yaml").write_text(RECIPE + steps)


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    overhead()
    serving()
