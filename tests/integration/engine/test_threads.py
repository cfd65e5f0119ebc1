"""Two runs at once in threads of one process: they ask one teacher as one."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from synth_assets.engine import Engine
from synth_assets.recipes import load_recipe
from synth_assets.settings import load
from synth_assets.teacher.served.server import served
from tests.integration.engine.conftest import dialog

RECIPE = """
teacher: {{model: mistral-small-latest, limits: {{concurrency: 8}}}}
stages:
  raw: {{kind: source, files: dialogs.jsonl, rows: {rows}}}
  rewritten: {{kind: rewrite, from: raw, instruction: Be {name}.}}
"""
ROWS = {"ada": 120, "bob": 30}


@pytest.mark.parametrize("shared", [True, False], ids=["on one engine", "each with an engine"])
def test_runs_in_threads_share_what_the_server_stands(tmp_path: Path, *, shared: bool) -> None:
    folder = tmp_path / "recipes"
    folder.mkdir()
    lines = "".join(json.dumps({"messages": dialog(number)}) + "\n" for number in range(max(ROWS.values())))
    (folder / "dialogs.jsonl").write_text(lines)
    for name, rows in ROWS.items():
        (folder / f"{name}.yaml").write_text(RECIPE.format(name=name, rows=rows))

    with served(faults="latency=20ms") as server:
        settings = load({"MISTRAL_BASE_URL": server.url}, tmp_path)

        def run(engine: Engine, name: str) -> int:
            *_, result = engine.run_recipe(load_recipe(folder / f"{name}.yaml")).results
            return result.tally.rows

        with Engine(settings) as one, Engine(settings) as two, ThreadPoolExecutor() as pool:
            ends = pool.map(run, (one, one if shared else two), ROWS)
            assert dict(zip(ROWS, ends, strict=True)) == ROWS
        assert server.counts.max_in_flight <= 8
        assert server.counts.calls == sum(ROWS.values())
