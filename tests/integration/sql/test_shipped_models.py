"""The shipped models over what real runs leave in a real lake."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from synth_assets.engine import Engine
from synth_assets.settings import load
from synth_assets.sql import Model, check_models, find_models
from tests.integration.engine.conftest import Workplace, dialog


@pytest.fixture(scope="module")
def workplace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workplace]:
    """Twenty dialogs, two of which are the same: rewritten, exported, changed and exported again."""
    folder = tmp_path_factory.mktemp("models")
    (folder / "recipes").mkdir()
    settings = load({}, folder)
    with Engine(settings) as engine:
        workplace = Workplace(folder, settings, engine)
        workplace.write_dialogs([dialog(number) for number in (*range(19), 7)])
        workplace.robots()
        workplace.run()
        workplace.robots("Be a sad robot.")
        workplace.run()
        yield workplace


@pytest.fixture(scope="module")
def models(workplace: Workplace) -> dict[str, Model]:
    return {model.table: model for model in find_models(workplace.settings).models}


def rows(workplace: Workplace, model: Model) -> list[dict[str, Any]]:
    return workplace.engine.lake.rows(model.sql)


def test_they_fit_the_tables_that_the_engine_makes(workplace: Workplace, models: dict[str, Model]) -> None:
    lake = workplace.engine.lake
    known = {table: lake.columns(table) for table in lake.tables()}
    assert check_models(models.values(), known) == []


def test_every_model_makes_what_its_contract_promises(workplace: Workplace, models: dict[str, Model]) -> None:
    for model in models.values():
        made = rows(workplace, model)
        assert model.contract is not None
        assert made
        for row in made:
            assert tuple(row) == model.contract.names()
        for column in model.contract.columns:
            values = [row[column.name] for row in made]
            assert column.nullable or None not in values, (model.table, column.name)
            assert not column.unique or len(set(values)) == len(values), (model.table, column.name)


def test_costs_add_up_to_the_ledger(workplace: Workplace, models: dict[str, Model]) -> None:
    (ledger,) = workplace.engine.lake.rows("SELECT count(*) AS calls, sum(prompt_tokens) AS tokens FROM ops.calls")
    costs = rows(workplace, models["ops.costs"])
    assert {(row["recipe"], row["stage"]) for row in costs} == {("robots", "rewritten")}
    assert sum(row["calls"] for row in costs) == ledger["calls"] > 0
    assert sum(row["prompt_tokens"] for row in costs) == ledger["tokens"]


def test_acceptance_is_that_of_the_tables_as_they_are(workplace: Workplace, models: dict[str, Model]) -> None:
    lake = workplace.engine.lake
    acceptance = {row["stage"]: row for row in rows(workplace, models["ops.acceptance"])}
    for stage in ("raw", "rewritten", "finetune"):
        found = acceptance[stage]
        assert found["rows"] == lake.count(f"robots.{stage}")
        rejects = lake.count(f"robots.{stage}__rejects") if lake.has(f"robots.{stage}__rejects") else 0
        assert found["rejects"] == rejects
        assert found["reject_share"] == pytest.approx(rejects / (rejects + found["rows"]))


def test_reasons_add_up_to_the_rejects(workplace: Workplace, models: dict[str, Model]) -> None:
    lake = workplace.engine.lake
    reasons = rows(workplace, models["ops.reject_reasons"])
    for stage in {row["stage"] for row in reasons}:
        kept = lake.rows(f"SELECT reason, count(*) AS n FROM robots.{stage}__rejects GROUP BY reason")
        reasons_of_stage = {row["reason"]: row["rejects"] for row in reasons if row["stage"] == stage}
        assert reasons_of_stage == {row["reason"]: row["n"] for row in kept}
        assert sum(row["share"] for row in reasons if row["stage"] == stage) == pytest.approx(1)
    assert reasons


def test_each_export_is_listed_and_the_newest_is_current(workplace: Workplace, models: dict[str, Model]) -> None:
    exports = rows(workplace, models["ops.export_contents"])
    assert [row["is_current"] for row in exports] == [True, False]
    assert [row["serial"] for row in exports] == [2, 1]
    for row in exports:
        lines = sum(len(path.read_bytes().splitlines()) for path in Path(row["folder"]).glob("*.jsonl"))
        assert lines == row["rows"]
        assert row["rows"] + row["rejects"] == row["input_rows"]
        assert row["source_tables"] == ["robots.rewritten"]
        assert row["snapshot"] > 0
