"""Synthetic fine-tuning data as Dagster assets."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandera.pandas as pa


def contract(schema: str, table: str) -> "pa.DataFrameSchema":
    """Return the Pandera schema of a table, which its rows have passed: of a recipe's stage, or of a SQL model.

    RecipeError where there is no such table, or a model of which nothing is declared.
    """
    from synth_assets.core.errors import RecipeError
    from synth_assets.engine.checks.rules import pandera_schema
    from synth_assets.recipes import find_recipe, find_recipes
    from synth_assets.settings import load
    from synth_assets.sql import find_models

    settings = load()
    models = [model for model in find_models(settings).models if model.schema == schema]
    declared = {model.name: model.contract for model in models if model.contract}
    found = find_recipes(settings)
    if schema in found.recipes or schema in found.broken or not declared:
        declared |= find_recipe(settings, schema).contracts
    if table not in declared:
        known = ", ".join(sorted(declared))
        raise RecipeError(f"no contract is declared for {schema}.{table}", remedy=f"{schema} has one for {known}")
    return pandera_schema(declared[table], f"{schema}.{table}")
