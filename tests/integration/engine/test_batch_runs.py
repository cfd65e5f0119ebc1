"""Batch mode as a run sees it: one switch, the same data, ledger and keys, at half the price, and no job paid twice."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from synth_assets.engine import Engine, StageResult
from synth_assets.recipes import load_recipe
from synth_assets.settings import Timing, load
from synth_assets.teacher.prices import Prices
from synth_assets.teacher.served.server import ServedTeacher, served
from tests.integration.engine.conftest import dialog

MODEL = "mistral-small-latest"
RECIPE = """
teacher: {{model: {model}, mode: {mode}}}
stages:
  raw: {{kind: source, files: dialogs.jsonl}}
  rewritten: {{kind: rewrite, from: raw, instruction: Be a robot.}}
"""
ROWS = 20
RUNNER = """
import sys
from pathlib import Path
from synth_assets.engine import Engine, RunSelection
from synth_assets.recipes import load_recipe
from synth_assets.settings import load
with Engine(load(dict(MISTRAL_BASE_URL=sys.argv[2]), Path(sys.argv[1]))) as engine:
    engine.run_recipe(load_recipe(Path(sys.argv[1]) / "recipes" / "robots.yaml"))
"""
Run = Callable[..., tuple[StageResult, list[dict[str, Any]], list[dict[str, Any]]]]


FAST = Timing(backoff_s=0.02, batch_gather_s=0.05, batch_poll_s=0.02)


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Runs the recipe; what the stage came to, its rows, and the ledger."""

    def run(server: ServedTeacher, mode: str, home: str = "one") -> Any:
        folder = write(tmp_path / home, mode)
        with Engine(load({"MISTRAL_BASE_URL": server.url}, folder, FAST)) as engine:
            *_, result = engine.run_recipe(load_recipe(folder / "recipes" / "robots.yaml")).results
            rows = engine.lake.rows("SELECT * FROM robots.rewritten ORDER BY row_id")
            return result, rows, engine.lake.rows("SELECT * FROM ops.calls WHERE NOT spare ORDER BY call_key")

    return run


def write(folder: Path, mode: str) -> Path:
    (folder / "recipes").mkdir(parents=True, exist_ok=True)
    lines = "".join(json.dumps({"messages": dialog(number)}) + "\n" for number in range(ROWS))
    (folder / "recipes" / "dialogs.jsonl").write_text(lines)
    (folder / "recipes" / "robots.yaml").write_text(RECIPE.format(model=MODEL, mode=mode))
    return folder


def test_one_switch_and_the_data_is_the_same_at_half_the_price(run: Run) -> None:
    with served() as server:
        batched, rows, ledger = run(server, "batch")
        assert server.counts.calls == 0, "nothing was asked online"
        online, same_rows, same_ledger = run(server, "online", home="two")
        assert server.counts.calls == ROWS
    assert rows == same_rows
    assert [call["call_key"] for call in ledger] == [call["call_key"] for call in same_ledger]
    price, tally = Prices().price(MODEL), batched.tally
    assert price is not None
    assert tally.cost_usd == pytest.approx(price.cost_usd(tally.prompt_tokens, tally.completion_tokens) / 2)
    assert online.tally.cost_usd == pytest.approx(2 * (tally.cost_usd or 0.0))


def test_what_was_answered_in_a_batch_is_not_asked_online(run: Run) -> None:
    with served() as server:
        run(server, "batch")
        run(server, "online")
        assert (server.counts.calls, server.counts.answers) == (0, ROWS)


def test_what_fails_in_one_batch_is_asked_in_the_next(run: Run) -> None:
    with served(faults="500=30%,seed=2") as server:
        result, rows, _ = run(server, "batch")
        assert (len(rows), result.tally.rejects) == (ROWS, 0)
        assert server.counts.answers == ROWS


@pytest.mark.slow
def test_a_run_that_is_killed_finds_its_job_again(run: Run, tmp_path: Path) -> None:
    with served(faults="batch=1.5s") as server:
        folder = write(tmp_path / "one", "batch")
        with subprocess.Popen([sys.executable, "-c", RUNNER, str(folder), server.url]) as process:
            until = time.monotonic() + 60
            while not server._batches._jobs and process.poll() is None and time.monotonic() < until:
                time.sleep(0.02)
            process.send_signal(signal.SIGKILL)
        assert server.counts.answers == 0, "killed while the job was under way"
        _, rows, ledger = run(server, "batch")
        assert len(rows) == len(ledger) == server.counts.answers == ROWS
        assert len(server._batches._jobs) == 1
    assert list(folder.glob(".synth/batches/*")) == []
