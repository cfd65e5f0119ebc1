"""A lake made by an earlier version is made anew from its ledger: nothing is asked again, every row keeps its id.

`tests/data/lake_0_1_0.tar.xz` is a home that version 0.1.0 made of the four shipped recipes with the offline teacher:
the catalog and the Parquet files, without exports. It stays as it is; a later version adds an archive of its own.
"""

import json
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from synth_assets.core.canonical import Json
from synth_assets.core.contract import Column
from synth_assets.engine import Engine, RecipeRun
from synth_assets.engine.ledger.journal import Journal
from synth_assets.engine.tables import CALLS, ENGINE_TABLES, rejects_of
from synth_assets.recipes import find_recipe
from synth_assets.settings import load

ARCHIVE = Path(__file__).resolve().parents[1] / "data" / "lake_0_1_0.tar.xz"
RECIPES = ("mitall", "informal_emails", "taxonomy", "financial_sentiment")
MEASURED = {"financial_sentiment.costs"}
"""Its rows hold times of the machine; a row's id follows from its content."""
Rows = list[dict[str, Any]]


def _unpack(folder: Path) -> Path:
    with tarfile.open(ARCHIVE) as archive:
        archive.extractall(folder, filter="data")
    return folder


def _open(home: Path) -> Engine:
    return Engine(load({"SYNTH_HOME": str(home), "SYNTH_TEACHER": "offline"}, home))


def _rows(engine: Engine, table: str) -> Rows:
    """Return the rows of a table by id; a table that has never had a reject does not exist."""
    return engine.lake.rows(f"SELECT * FROM {table} ORDER BY row_id") if engine.lake.has(table) else []


@dataclass(frozen=True)
class Upgraded:
    """The four recipes run over an old lake, and what each table held before."""

    engine: Engine
    runs: Mapping[str, RecipeRun]
    before: Mapping[str, Rows]
    calls_before: int

    def asking(self, recipe: str) -> list[str]:
        return [
            name for name, stage in find_recipe(self.engine.settings, recipe).stages.items() if stage.shape == "ask"
        ]


@pytest.fixture(scope="module")
def upgraded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Upgraded]:
    with _open(_unpack(tmp_path_factory.mktemp("upgrade"))) as engine:
        recipes = {name: find_recipe(engine.settings, name) for name in RECIPES}
        tables = [f"{name}.{stage}" for name, recipe in recipes.items() for stage in recipe.stages]
        before = {table: _rows(engine, table) for each in tables for table in (each, rejects_of(each))}
        calls_before = engine.lake.count(CALLS)
        runs = {name: engine.run_recipe(recipe) for name, recipe in recipes.items()}
        yield Upgraded(engine, runs, before, calls_before)


def test_no_answer_is_bought_again(upgraded: Upgraded) -> None:
    assert upgraded.calls_before > 0
    assert upgraded.engine.lake.count(CALLS) == upgraded.calls_before
    assert {name: run.bought()["calls"] for name, run in upgraded.runs.items()} == dict.fromkeys(RECIPES, 0)


@pytest.mark.parametrize("recipe", RECIPES)
def test_every_table_is_made_anew_from_the_ledger(upgraded: Upgraded, recipe: str) -> None:
    results = {result.table.split(".")[1]: result for result in upgraded.runs[recipe].results}
    asking = upgraded.asking(recipe)
    assert asking
    for stage in asking:
        assert not results[stage].reused, "module names shape the fingerprint"
        assert results[stage].tally.calls == 0
        assert results[stage].tally.hits > 0


@pytest.mark.parametrize("recipe", RECIPES)
def test_what_the_teacher_made_is_the_same_row_by_row(upgraded: Upgraded, recipe: str) -> None:
    for stage in upgraded.asking(recipe):
        table = f"{recipe}.{stage}"
        assert upgraded.before[table], "the table had no rows to compare"
        assert _rows(upgraded.engine, table) == upgraded.before[table], table


@pytest.mark.parametrize("recipe", RECIPES)
def test_a_reject_says_what_it_said_before(upgraded: Upgraded, recipe: str) -> None:
    """It may hold more of what was computed of its row: a judge's reject holds its score by now."""
    for stage in upgraded.asking(recipe):
        table = rejects_of(f"{recipe}.{stage}")
        for now, before in zip(_rows(upgraded.engine, table), upgraded.before[table], strict=True):
            assert {**now, "row": None} == {**before, "row": None}, table
            assert json.loads(before["row"]).items() <= json.loads(now["row"]).items(), table


@pytest.mark.parametrize("recipe", RECIPES)
def test_every_table_keeps_its_row_ids(upgraded: Upgraded, recipe: str) -> None:
    for result in upgraded.runs[recipe].results:
        assert result.tally.rows == len(upgraded.before[result.table])
        assert result.tally.rejects == len(upgraded.before[rejects_of(result.table)])
        if result.table in MEASURED:
            continue
        for table in (result.table, rejects_of(result.table)):
            now = _rows(upgraded.engine, table)
            assert [row["row_id"] for row in now] == [row["row_id"] for row in upgraded.before[table]], table


@pytest.mark.parametrize("recipe", RECIPES)
def test_each_row_that_was_asked_about_is_a_row_or_a_reject(upgraded: Upgraded, recipe: str) -> None:
    for stage in upgraded.asking(recipe):
        (result,) = (each for each in upgraded.runs[recipe].results if each.table == f"{recipe}.{stage}")
        tables = [table for table in (result.table, rejects_of(result.table)) if upgraded.engine.lake.has(table)]
        parents = {parent for table in tables for row in _rows(upgraded.engine, table) for parent in row["parent_ids"]}
        assert len(parents) == result.tally.input_rows > 0


def test_a_lake_gets_the_column_that_its_ledger_lacks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    contract = ENGINE_TABLES[CALLS]
    wider = replace(
        contract, columns=(*contract.columns, Column("region", "text", "where it was asked", nullable=True))
    )
    monkeypatch.setitem(ENGINE_TABLES, CALLS, wider)
    with _open(_unpack(tmp_path)) as engine:
        assert "region" in engine.lake.columns(CALLS)
        counted = engine.lake.rows(f"SELECT count(*) AS calls, count(region) AS filled FROM {CALLS}")
        assert counted[0]["calls"] > 0
        assert counted[0]["filled"] == 0
        assert engine.run_recipe(find_recipe(engine.settings, "mitall")).bought()["calls"] == 0


def test_a_reply_in_the_journal_of_an_earlier_version_is_taken_up(tmp_path: Path) -> None:
    """Its record lacks the key of a column that was added since."""
    home = _unpack(tmp_path)
    with _open(home) as engine:
        record = engine.lake.rows(f"SELECT * FROM {CALLS} WHERE recipe = 'mitall' LIMIT 1")[0]
        calls = engine.lake.count(CALLS)
        with Journal(engine.settings.journal, "earlier") as journal:
            journal.append(_spelt({**record, "call_key": "0" * 32, "run_id": "earlier"}))
        engine.run_recipe(find_recipe(engine.settings, "mitall"))
        assert engine.lake.count(CALLS) == calls + 1
        (row,) = engine.lake.rows(f"SELECT * FROM {CALLS} WHERE run_id = 'earlier'")
        assert row["reply"] == record["reply"]
        assert row["tool_calls"] is None


def _spelt(row: Mapping[str, Any]) -> dict[str, Json]:
    """Return a row of the ledger as a journal would have spelt it before it knew `tool_calls`."""
    left_out = {"row_id", "spare", "tool_calls"}
    return {
        name: value if isinstance(value, int | float | None) else str(value)
        for name, value in row.items()
        if name not in left_out
    }
