"""The tables that a SQL model may read: those of the engine, as recipes will make them, and as the lake has them."""

from collections.abc import Iterable, Mapping

from synth_assets.engine.tables import ENGINE_TABLES, REJECTS_CONTRACT, rejects_of
from synth_assets.lake import Reader, duckdb_type
from synth_assets.lake.names import columns_of
from synth_assets.recipes import Recipe


def model_input_tables(recipes: Iterable[Recipe], lake: Reader | None = None) -> dict[str, Mapping[str, str]]:
    """The columns of each table, with their DuckDB types. What a recipe says goes before what the lake still holds."""
    kept = {table: lake.columns(table) for table in lake.tables()} if lake is not None else {}
    fields = {table: columns_of(contract, ids=False, calls=False) for table, contract in ENGINE_TABLES.items()}
    for recipe in recipes:
        for stage, contract in recipe.contracts.items():
            table = f"{recipe.name}.{stage}"
            fields[table] = columns_of(contract, ids=True, calls=recipe.stages[stage].shape == "ask")
            fields[rejects_of(table)] = columns_of(REJECTS_CONTRACT, ids=True, calls=True)
    types = {table: {name: duckdb_type(kind) for name, kind in columns.items()} for table, columns in fields.items()}
    return {**kept, **types}
