"""`synth check`, `plan`, `run`: what they print, what they leave behind, and their exit codes."""

import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from synth_assets.teacher.served.server import served

from .conftest import RECIPE, TOPICS, Place, dialog, running

PAID = RECIPE.replace("{model: offline}", "{model: mistral-small-latest, limits: {concurrency: 2}}")


def test_a_run_makes_the_dataset_and_says_what_to_do_next(place: Place) -> None:
    said = place.synth("run", "robots")
    assert "→ synth show robots\n" in said.out
    assert str(place.export) in said.out
    assert "offline teacher" in said.err
    assert (place.export / "train.jsonl").is_file()


def test_its_json_accounts_for_every_row_and_call(place: Place) -> None:
    first = place.synth("run", "robots", "--json").json
    raw, rewritten, finetune = first["results"]
    assert [raw["rows"], rewritten["rows"], finetune["rows"]] == [12, 12, 12]
    assert rewritten["calls"] == first["bought"]["calls"] == 12
    assert Path(finetune["folder"]).is_dir()

    again = place.synth("run", "robots", "--json").json
    assert again["bought"]["calls"] == 0
    assert [result["reused"] for result in again["results"]] == [True, True, True]
    assert sum(result["calls"] for result in again["results"]) == 0


def test_rejects_are_told_by_their_reason(made: Place) -> None:
    said = made.synth("run", "robots", "--force")
    assert "1 rejected from robots.rewritten: not fit to rewrite" in said.out
    assert "synth show robots.rewritten --rejects" in said.out


def test_a_plan_predicts_the_calls_of_the_run(place: Place) -> None:
    assert place.synth("plan", "robots", "--json").json["total"]["calls"] == 12
    place.synth("run", "robots")

    place.write_dialogs([dialog(topic) for topic in (*TOPICS, "salt", "wind")])
    planned = place.synth("plan", "robots", "--json").json
    assert (planned["total"]["calls"], planned["total"]["hits"]) == (2, 12)
    assert place.synth("run", "robots", "--json").json["bought"]["calls"] == 2
    assert {line["state"] for line in place.synth("plan", "robots", "--json").json["lines"]} == {"current"}


def test_a_plan_says_what_the_budget_would_stop(place: Place) -> None:
    place.write_recipe(PAID.replace("stages:", "budget: {calls: 5}\nstages:"))
    paid = place.with_env(MISTRAL_BASE_URL="http://127.0.0.1:9")
    said = paid.synth("plan", "robots")
    assert "the budget of a run is 5 calls: it would stop there" in said.out
    assert paid.synth("plan", "robots", "--json").json["over_budget"] == ["calls"]


def test_an_unknown_price_is_said_to_be_unknown(place: Place) -> None:
    place.write_recipe(PAID.replace("mistral-small-latest", "model-of-nobody"))
    paid = place.with_env(MISTRAL_BASE_URL="http://127.0.0.1:9")
    assert paid.synth("plan", "robots", "--json").json["total"]["cost_usd"] is None
    assert "unknown" in paid.synth("plan", "robots").out


def test_a_trial_has_tables_of_its_own(made: Place) -> None:
    trial = made.synth("run", "robots", "--limit", "2", "--json").json
    assert [result["table"] for result in trial["results"]] == [
        "robots__trial.raw",
        "robots__trial.rewritten",
        "robots__trial.finetune",
    ]
    counted = made.synth("sql", "SELECT count(*) AS n FROM robots.rewritten", "--format", "json").json
    assert counted == [{"n": 12}]


def test_a_budget_stops_the_run_with_3_and_keeps_what_was_answered(place: Place) -> None:
    place.write_recipe(RECIPE.replace("stages:", "budget: {calls: 5}\nstages:"))
    said = place.synth("run", "robots", code=3)
    assert "kept: 1 of 3 tables committed, 5 replies of this run in the ledger" in said.err
    assert "→" in said.err
    error = place.synth("run", "robots", "--json", code=3).json["error"]
    assert error["kind"] == "BudgetError"


def test_a_recipe_that_names_a_model_stops_with_4_where_there_is_no_key(place: Place) -> None:
    place.write_recipe(PAID)
    said = place.synth("run", "robots", code=4)
    assert "MISTRAL_API_KEY" in said.err
    assert "SYNTH_TEACHER=offline" in said.err


def test_a_closed_gate_shows_its_verdict_and_changes_nothing(made: Place) -> None:
    before = str(made.synth("lake", "snapshots", "--json").json[-1]["id"])
    made.write_recipe(RECIPE.replace("cheerful robot.", "sad robot.\n    checks: {max_rejects: 0}"))
    said = made.synth("run", "robots", code=1)
    assert "few_rejects: 1 rejects" in said.err
    assert "the table is as it was before" in said.err
    told = made.synth("run", "robots", "--json", code=1).json["error"]
    assert [verdict["name"] for verdict in told["verdicts"] if not verdict["passed"]] == ["few_rejects"]
    kept = made.synth(
        "sql", "SELECT count(*) AS n, max(messages[2].content) AS m FROM robots.rewritten", "--at", before
    )
    assert (
        kept.out == made.synth("sql", "SELECT count(*) AS n, max(messages[2].content) AS m FROM robots.rewritten").out
    )


def test_a_broken_recipe_is_told_by_file_line_and_key(place: Place) -> None:
    place.write_recipe(RECIPE.replace("from: raw", "form: raw"))
    place.write_recipe("stages: {a: {kind: source, sample: dialogs}}", "sound")
    said = place.synth("check", code=2)
    assert "robots.yaml:9" in said.out
    assert 'did you mean "from"?' in said.out
    assert "✓ sound" in said.out
    assert "robots.yaml:9" in place.synth("run", "robots", code=2).err
    checked = {each["name"]: each for each in place.synth("check", "--json", code=2).json["checked"]}
    assert checked["robots"]["problems"]
    assert not checked["sound"]["problems"]


def test_a_recipe_of_ones_own_that_hides_a_shipped_one_is_noted(place: Place) -> None:
    place.write_recipe(RECIPE, "mitall")
    assert "mitall.yaml is used instead of the shipped one" in place.synth("check").out


def test_a_typo_in_an_sql_model_is_told_by_its_line(place: Place) -> None:
    model = place.folder / "models" / "mine" / "counts.sql"
    model.parent.mkdir(parents=True)
    model.write_text("SELECT\n    count(*) AS n,\n    max(mesages) AS m\nFROM robots.rewritten\n")
    said = place.with_env(SYNTH_SQL=str(place.folder / "models")).synth("check", code=2)
    assert "counts.sql:3" in said.out
    assert 'did you mean "messages"?' in said.out


def test_a_name_that_is_no_recipe_is_a_wrong_usage(place: Place) -> None:
    assert "there is no recipe" in place.synth("run", "robotts", code=2).err
    assert "Did you mean `synth show`?" in place.synth("shwo", code=2).err


def test_one_partition_is_run(place: Place) -> None:
    place.write_recipe(RECIPE.replace("stages:", "partitions: {shards: 3}\nstages:"))
    all_shards = place.synth("run", "robots", "--json").json["results"]
    assert [result["partition_key"] for result in all_shards if result["table"] == "robots.raw"] == [
        "shard-00",
        "shard-01",
        "shard-02",
    ]
    one = place.synth("run", "robots", "--partition", "shard-01", "--stage", "rewritten")
    assert "shard-01" in one.out
    assert "shard-00" not in one.out
    assert "shard-99" in place.synth("run", "robots", "--partition", "shard-99", code=2).err


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_stops_cleanly_and_the_next_run_goes_on(place: Place, sent: signal.Signals) -> None:
    place.write_recipe(PAID)
    with served(faults="latency=150ms") as teacher:
        paid = place.with_env(MISTRAL_BASE_URL=teacher.url)
        args, env = paid.command("run", "robots")
        with running(args, env) as process:
            while teacher.stats()["answers"] < 4:
                time.sleep(0.02)
            process.send_signal(sent)
            _, told = process.communicate(timeout=30)
        assert process.returncode == 130, told
        assert "kept: 1 of 3 tables committed" in told
        assert "buys nothing twice" in told

        kept = paid.synth("sql", "SELECT count(*) AS n FROM ops.calls", "--format", "json").json[0]["n"]
        assert kept >= 2
        again = paid.synth("run", "robots", "--json").json
        assert again["bought"]["calls"] == 12 - kept
        assert again["results"][1]["rows"] == 12


def test_how_far_a_batch_job_is_is_seen(place: Place) -> None:
    place.write_recipe(PAID.replace("{model: mistral-small-latest,", "{model: mistral-small-latest, mode: batch,"))
    with served(faults="batch=0.2s") as teacher:
        said = place.with_env(MISTRAL_BASE_URL=teacher.url, MISTRAL_API_KEY="none").synth("run", "robots")
    assert re.search(r"^  batch job \S+: QUEUED, 0 of 12 done$", said.err, re.MULTILINE)


def test_in_the_background_of_a_script_it_can_be_ended_too(place: Place) -> None:
    """A shell without job control makes what it starts in the background deaf to Ctrl-C."""
    command = [sys.executable, "-u", "-m", "synth_assets.cli", "teacher", "serve", "--port", "0"]
    with subprocess.Popen(
        ["sh", "-c", 'trap "" INT; exec "$@"', "sh", *command],
        cwd=place.folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as server:
        assert server.stdout is not None
        assert any("http://127.0.0.1:" in line for line in server.stdout)
        server.send_signal(signal.SIGINT)
        assert server.wait(timeout=20) in (0, 130)
