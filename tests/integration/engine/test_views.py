"""A SQL model as a view: its rows are checked and not stored, and it becomes a table and a view again as it is told."""

from pathlib import Path

import pytest

from synth_assets.engine import Engine, GateClosed, StageResult
from synth_assets.engine.models import run_model
from synth_assets.settings import load
from synth_assets.sql import find_models
from tests.integration.engine.conftest import Workplace


def _run(robots: Workplace, contract: str) -> StageResult:
    folder = robots.folder / "dbt_like_sql" / "robots"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "lengths.sql").write_text("-- Turns of each dialog\nSELECT len(messages) AS turns FROM robots.raw\n")
    (folder / "lengths.yaml").write_text(contract)
    (model,) = [each for each in find_models(load({}, robots.folder)).models if each.schema == "robots"]
    return run_model(robots.engine.lake, model, "run")


def _kind(robots: Workplace) -> str:
    sql = "SELECT table_type AS kind FROM information_schema.tables WHERE table_name = 'lengths'"
    (row,) = robots.engine.lake.rows(sql)
    return str(row["kind"])


def test_a_view_follows_what_it_reads(robots: Workplace) -> None:
    robots.run()
    assert _run(robots, "materialized: view\n").tally.rows == 20
    assert _kind(robots) == "VIEW"
    robots.write_dialogs([[{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}]])
    robots.run()
    assert robots.engine.lake.rows("SELECT turns FROM robots.lengths") == [{"turns": 2}]


def test_a_view_becomes_a_table_and_a_view_again(robots: Workplace) -> None:
    robots.run()
    kinds = []
    for materialized in ("view", "table", "view"):
        _run(robots, f"materialized: {materialized}\n")
        kinds.append(_kind(robots))
        assert robots.engine.lake.count("robots.lengths") == 20
    assert kinds == ["VIEW", "BASE TABLE", "VIEW"]


def test_its_rows_are_checked(robots: Workplace) -> None:
    robots.run()
    with pytest.raises(GateClosed, match="turns is more than 1"):
        _run(robots, "materialized: view\ncolumns: {turns: {type: integer, maximum: 1}}\n")
    assert not robots.engine.lake.has("robots.lengths")


def test_the_published_file_has_it(robots: Workplace, tmp_path: Path) -> None:
    robots.run()
    _run(robots, "materialized: view\n")
    report = robots.engine.lake.publish(tmp_path / "warehouse.duckdb")
    assert "robots.lengths" in report.tables


def test_another_process_reads_it(robots: Workplace) -> None:
    robots.run()
    _run(robots, "materialized: view\n")
    with Engine(robots.settings) as other:
        assert other.lake.count("robots.lengths") == 20
