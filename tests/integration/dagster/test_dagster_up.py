"""`synth up`: real processes, asked through GraphQL as the UI asks them, and ended together."""

import json
import signal
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from synth_assets.assets.services import free_port
from synth_assets.lake import Lake, open_lake
from synth_assets.settings import load
from tests.integration.dagster.conftest import TINY, talk
from tests.support.served_ui import Served, metadata_of, served

pytestmark = pytest.mark.slow

NODE = """query ($key: AssetKeyInput!) { assetNodeOrError(assetKey: $key) { ... on AssetNode {
  groupName kinds description opVersion owners { ... on TeamAssetOwner { team } }
  assetChecksOrError { ... on AssetChecks { checks { name blocking executionForLatestMaterialization { status
    evaluation { metadataEntries { label ... on TableMetadataEntry { table { records } } } } } } } } } } }"""
TICK = """mutation ($selector: ScheduleSelector!, $at: Float!) {
  scheduleDryRun(selectorData: $selector, timestamp: $at) { ... on DryRunInstigationTick {
    evaluationResult { runRequests { tags { key value } } error { message } } } } }"""
FAILING = """query ($key: AssetKeyInput!) {
  assetCheckExecutions(assetKey: $key, checkName: "rows_are_valid", limit: 1) {
    status evaluation { metadataEntries { label ... on TableMetadataEntry { table { records } } } } } }"""
MADE = """query ($key: AssetKeyInput!) { assetNodeOrError(assetKey: $key) { ... on AssetNode {
  assetMaterializations(limit: 1) { runId } } } }"""

DAYS = ["2026-11-01", "2026-11-02", "2026-11-03"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("up")
    recipes = folder / "recipes"
    recipes.mkdir()
    (recipes / "talks.jsonl").write_text("\n".join(json.dumps(talk(number)) for number in range(60)))
    days = 'partitions: {daily: 2026-11-01}\nschedule: "0 2 * * *"'
    (recipes / "days.yaml").write_text(TINY.format(head=days, rows=4, checks=""))
    strict = "checks: {min_length: {topic: 100}}"
    (recipes / "strict.yaml").write_text(TINY.format(head="", rows=4, checks=strict))
    (recipes / "sad.yaml").write_text("stages:\n  one:\n    kind: soruce\n")
    return folder


@pytest.fixture(scope="module")
def up(folder: Path) -> Iterator[Served]:
    with served(folder) as found:
        found.wait_for_words("Ctrl-C ends it all")
        yield found


@pytest.fixture(scope="module")
def backfill(up: Served) -> str:
    """Begun before other tests and looked at after them, because the daemon takes its time."""
    return up.start_backfill([f"days/{stage}" for stage in ("talks", "rewritten", "long_enough")], DAYS)


@pytest.fixture
def lake(folder: Path) -> Iterator[Lake]:
    with open_lake(load({}, folder)) as opened:
        yield opened


class TestTheFirstDataset:
    def test_it_is_built_and_each_stage_is_told(self, up: Served) -> None:
        assert "built with the offline teacher" in up.text()
        for stage in ("raw_dialogs", "rewritten_dialogs", "finetune"):
            assert f"✓ mitall.{stage}" in up.text()
        assert "✗" not in up.text()

    def test_its_metadata_is_read_back(self, up: Served) -> None:
        told = metadata_of(up.web, "mitall/rewritten_dialogs")
        assert told["dagster/row_count"]["intValue"] > 40
        assert told["calls"]["intValue"] + told["ledger hits"]["intValue"] > 40
        assert told["cost_usd"]["floatValue"] == 0
        assert "MISTRAL_API_KEY" in told["teacher"]["mdStr"]
        assert told["reused"]["boolValue"] is False
        assert told["snapshot"]["intValue"] > 0
        assert {"messages", "row_id"} <= {c["name"] for c in told["dagster/column_schema"]["schema"]["columns"]}
        assert told["preview"]["table"]["records"]
        assert "| **user** |" in told["examples"]["mdStr"]
        assert "data:image/png;base64," in told["picture"]["mdStr"]
        assert Path(metadata_of(up.web, "mitall/finetune")["export folder"]["path"], "train.jsonl").is_file()

    def test_what_follows_is_there_with_its_lineage(self, up: Served) -> None:
        lineage = metadata_of(up.web, "ops/costs")["dagster/column_lineage"]["lineage"]
        deps = {entry["columnName"]: entry["columnDeps"] for entry in lineage}
        assert deps["cost_usd"] == [{"assetKey": {"path": ["ops", "calls"]}, "columnName": "cost_usd"}]
        assert Path(metadata_of(up.web, "ops/warehouse")["file"]["path"]).is_file()

    def test_the_node_says_what_it_is(self, up: Served) -> None:
        node = up.web.ask(NODE, key={"path": ["mitall", "rewritten_dialogs"]})["assetNodeOrError"]
        assert node["groupName"] == "mitall"
        assert set(node["kinds"]) == {"duckdb", "pandera", "mistral"}
        assert node["opVersion"]
        checks = node["assetChecksOrError"]["checks"]
        assert {check["name"]: check["blocking"] for check in checks}["rows_are_valid"] is True
        assert all(check["executionForLatestMaterialization"]["status"] == "SUCCEEDED" for check in checks)


def test_a_reader_that_holds_on_does_not_hinder_the_night(up: Served, lake: Lake) -> None:
    reading = lake.query("SELECT a.* FROM ops.calls a, range(100000)")
    assert reading.read_next_batch().num_rows
    assert up.run("mitall_nightly") == "SUCCESS"
    assert reading.read_next_batch().num_rows


class TestAGate:
    @pytest.mark.usefixtures("backfill")
    def test_its_failing_rows_are_in_the_ui_and_nothing_is_made(self, up: Served, lake: Lake) -> None:
        assert up.run("strict") == "FAILURE"
        node = up.web.ask(FAILING, key={"path": ["strict", "long_enough"]})
        (execution,) = node["assetCheckExecutions"]
        assert execution["status"] == "FAILED"
        (entry,) = execution["evaluation"]["metadataEntries"]
        assert "topic is shorter than 100" in entry["table"]["records"][0]
        made = up.web.ask(MADE, key={"path": ["strict", "long_enough"]})["assetNodeOrError"]
        assert made["assetMaterializations"] == []
        assert not lake.has("strict.long_enough")


def test_a_broken_recipe_shows_its_error(up: Served) -> None:
    node = up.web.ask(NODE, key={"path": ["sad", "broken_recipe"]})["assetNodeOrError"]
    assert "sad.yaml:3 stages.one.kind" in node["description"]


class TestOnlyOne:
    def test_a_port_in_use_is_told_with_the_remedy(self, up: Served, folder: Path) -> None:
        with served(folder, port=up.web.port, name="again") as again:
            assert again.process.wait(60) == 1
            assert f"port {up.web.port} cannot be used" in again.text()
            assert f"--port {up.web.port + 1}" in again.text()

    def test_a_home_that_is_served_is_told_with_its_address(self, up: Served, folder: Path) -> None:
        with served(folder, name="other") as other:
            assert other.process.wait(60) == 1
            assert up.web.url in other.text()


class TestDays:
    def test_a_backfill_of_three_fills_them_with_rows_of_their_own(self, up: Served, lake: Lake, backfill: str) -> None:
        assert up.end_of_backfill(backfill) == "COMPLETED_SUCCESS"
        rows = lake.rows(
            "SELECT partition_key AS day, list(topic) AS topics FROM days.rewritten GROUP BY ALL ORDER BY day"
        )
        assert [row["day"] for row in rows] == DAYS
        assert len({topic for row in rows for topic in row["topics"]}) == 12

    def test_the_schedule_at_a_set_clock_asks_for_the_newest_day(self, up: Served) -> None:
        selector = {"repositoryLocationName": "synth_assets", "repositoryName": "__repository__"}
        at = datetime(2026, 11, 4, 2, tzinfo=UTC).timestamp()
        tick = up.web.ask(TICK, selector={**selector, "scheduleName": "days_nightly"}, at=at)["scheduleDryRun"]
        (request,) = tick["evaluationResult"]["runRequests"]
        assert {"key": "dagster/partition", "value": "2026-11-04"} in request["tags"]


class TestTheEnd:
    def test_two_that_start_at_once_prepare_the_home_once_and_ctrl_c_ends_all(self, tmp_path: Path) -> None:
        with served(tmp_path, "--no-build", name="a") as a, served(tmp_path, "--no-build", name="b") as b:
            until = time.monotonic() + 90
            while not any("Ctrl-C ends" in each.text() for each in (a, b)):
                assert time.monotonic() < until, a.text() + b.text()
                time.sleep(0.1)
            first, second = (a, b) if "Ctrl-C ends" in a.text() else (b, a)
            assert second.process.wait(60) == 1
            assert "another `synth up` serves this home" in second.text()
            assert len(first.children()) >= 3
            assert first.end() == 130
            assert first.children() == []

    def test_killed_it_leaves_nobody_behind(self, tmp_path: Path) -> None:
        with served(tmp_path, "--no-build") as found:
            found.wait_for_words("Ctrl-C ends it all")
            found.end(signal.SIGKILL)
            until = time.monotonic() + 60
            while found.children():
                assert time.monotonic() < until
                time.sleep(0.2)

    def test_a_port_of_nobody_is_free(self) -> None:
        assert 0 < free_port() < 65536
