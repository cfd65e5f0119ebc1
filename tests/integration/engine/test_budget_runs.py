"""The budget of a run against a real server: never passed, however much is in flight, and the next run goes on."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from synth_assets.core.errors import BudgetError
from synth_assets.engine import Engine, RunSelection, jobs_of
from synth_assets.recipes import load_recipe
from synth_assets.settings import Timing, load
from synth_assets.teacher.prices import Prices
from synth_assets.teacher.served.server import ServedTeacher, served
from tests.integration.engine.conftest import dialog

MODEL = "mistral-small-latest"
RECIPE = """
teacher: {{model: {model}, max_tokens: 200, limits: {{concurrency: 16}}}}
budget: {budget}
stages:
  raw: {{kind: source, files: dialogs.jsonl}}
  rewritten: {{kind: rewrite, from: raw, instruction: Be a robot.}}
  again: {{kind: rewrite, from: rewritten, instruction: Be a pirate.}}
"""
ROWS = 40


def run(folder: Path, server: ServedTeacher, budget: str) -> None:
    (folder / "recipes").mkdir(exist_ok=True)
    lines = "".join(json.dumps({"messages": dialog(number)}) + "\n" for number in range(ROWS))
    (folder / "recipes" / "dialogs.jsonl").write_text(lines)
    (folder / "recipes" / "robots.yaml").write_text(RECIPE.format(model=MODEL, budget=budget))
    with Engine(load({"MISTRAL_BASE_URL": server.url}, folder, Timing(backoff_s=0.02))) as engine:
        engine.run_recipe(load_recipe(folder / "recipes" / "robots.yaml"))


def spent(server: ServedTeacher) -> dict[str, float]:
    """By the server's own count."""
    counts, price = server.counts, Prices().price(MODEL)
    assert price is not None
    usd = price.cost_usd(counts.prompt_tokens, counts.completion_tokens)
    return {"usd": usd, "calls": counts.answers, "tokens": counts.prompt_tokens + counts.completion_tokens}


@pytest.mark.parametrize(
    ("what", "limit"),
    [("calls", 23), ("calls", 55), ("tokens", 9_000), ("usd", 0.003)],
    ids=["calls", "calls, in the second stage", "tokens", "usd"],
)
def test_a_budget_stops_a_run_before_it_is_passed_and_the_next_goes_on(tmp_path: Path, what: str, limit: float) -> None:
    with served(faults="latency=5ms,500=10%,429=10%,retry_after=0.01") as server:
        with pytest.raises(
            BudgetError, match=rf"left of the budget .* \({what} .* has no room for another call"
        ) as raised:
            run(tmp_path, server, f"{{{what}: {limit}}}")
        assert raised.value.exit_code == 3
        assert "raise the budget and run again, only the rest is asked" in str(raised.value.remedy)
        first = spent(server)
        assert 0.4 * limit < first[what] <= limit, "not passed, and not given up long before"
        assert what != "calls" or first["calls"] == limit, "to the last one"
        run(tmp_path, server, "{calls: 1000}")
        assert spent(server)["calls"] == 2 * ROWS, "nothing was bought twice"


def test_stages_of_a_run_that_are_at_work_at_once_share_its_budget(tmp_path: Path) -> None:
    """As Dagster's other executors run them: each in a process with an engine of its own."""
    limit = 50
    with served(faults="latency=5ms") as server:
        with pytest.raises(BudgetError):
            run(tmp_path, server, "{calls: 1}")
        text = RECIPE.format(model=MODEL, budget=f"{{calls: {server.counts.answers + limit - 1}}}")
        (tmp_path / "recipes" / "robots.yaml").write_text(text.replace("from: rewritten", "from: raw"))
        recipe, before = load_recipe(tmp_path / "recipes" / "robots.yaml"), server.counts.answers

        def made(stage: str) -> int:
            with Engine(load({"MISTRAL_BASE_URL": server.url}, tmp_path)) as engine:
                (job,) = jobs_of(recipe, RunSelection(stage), "the-run")
                return engine.run(job).tally.rows

        with ThreadPoolExecutor(2) as pool:
            at_once = [pool.submit(made, stage) for stage in ("rewritten", "again")]
        faults = [stage.exception() for stage in at_once]
        assert server.counts.answers - before == limit
    assert [type(fault) for fault in faults if fault] == [BudgetError]
    assert not list((tmp_path / ".synth" / "budgets").iterdir())
