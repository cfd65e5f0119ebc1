"""The models that are shipped: found by listing, so a new one is tested without touching a test."""

import pytest

from synth_assets.engine.tables import ENGINE_TABLES
from synth_assets.lake import duckdb_type
from synth_assets.settings import load
from synth_assets.sql import Model, check_models, column_lineage, find_models, output_columns, shipped_folder

KNOWN = {
    table: {"partition_key": "VARCHAR"} | {column.name: duckdb_type(column.type) for column in contract.columns}
    for table, contract in ENGINE_TABLES.items()
}
MODELS = find_models(load({"SYNTH_SQL": str(shipped_folder())})).models
by_table = pytest.mark.parametrize("model", MODELS, ids=lambda model: model.table)


def test_each_file_is_a_model() -> None:
    assert len(MODELS) == len(list(shipped_folder().glob("*/*.sql"))) >= 4


def test_they_have_no_faults() -> None:
    assert check_models(MODELS, KNOWN) == []


@by_table
def test_it_says_what_it_is_for_and_what_it_promises(model: Model) -> None:
    assert len(model.description) > 40
    assert model.contract is not None
    assert all(column.description for column in model.contract.columns)
    assert model.owners


@by_table
def test_its_columns_are_those_of_its_contract_in_their_order(model: Model) -> None:
    assert model.contract is not None
    made = output_columns(model, KNOWN)
    assert tuple(made) == model.contract.names()
    for name, kind in made.items():
        assert kind in ("", duckdb_type(model.contract.column(name).type))


@by_table
def test_its_lineage_ends_in_its_inputs(model: Model) -> None:
    tables = {table for origins in column_lineage(model, KNOWN).values() for table, _ in origins}
    assert tables
    assert tables <= set(model.inputs) <= set(KNOWN)
