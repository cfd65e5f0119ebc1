"""Everything there is on this machine, as one set of Dagster definitions."""

from collections.abc import Iterable, Mapping, Sequence

import dagster as dg

from synth_assets.assets.executor import executor_of
from synth_assets.assets.models import Around, model_asset
from synth_assets.assets.ops import engine_assets, warehouse_asset
from synth_assets.assets.recipe import broken_asset, build_recipe_defs
from synth_assets.assets.resources import lake_resources
from synth_assets.core.errors import RecipeError
from synth_assets.engine.model_inputs import model_input_tables
from synth_assets.engine.tables import COMMITS
from synth_assets.lake import open_lake
from synth_assets.recipes import Recipe, find_recipes
from synth_assets.settings import Settings
from synth_assets.sql import Model, check_models, find_models, output_columns, sort_models


def build_definitions(settings: Settings) -> dg.Definitions:
    """All recipes and SQL models, shipped and own. What is broken shows its error and leaves the rest as it is."""
    found = find_recipes(settings)
    recipes = [_defs_of(recipe, settings) for recipe in found.recipes.values()]
    broken = [broken_asset([name, "broken_recipe"], problems) for name, problems in found.broken.items()]
    models = build_model_assets(list(found.recipes.values()), settings)
    ops = engine_assets(found.recipes.values())
    after = [*(model.key for model in models), dg.AssetKey(COMMITS.split("."))]
    shared = dg.Definitions(
        assets=[*broken, *models, *ops, warehouse_asset(after)],
        sensors=[_follow()],
        resources=lake_resources(settings),
        executor=executor_of(settings),
    )
    return dg.Definitions.merge(*recipes, shared)


def _defs_of(recipe: Recipe, settings: Settings) -> dg.Definitions:
    """Return a recipe's definitions; one that Dagster refuses, for its tags say, is shown like a broken one."""
    try:
        return build_recipe_defs(recipe, settings)
    except dg.DagsterError as error:
        problem = RecipeError(f"Dagster refuses it: {error}", where=str(recipe.path))
        return dg.Definitions([broken_asset([recipe.name, "broken_recipe"], [problem])])


def _follow() -> dg.AutomationConditionSensorDefinition:
    """Refreshes what needs the whole of a partitioned dataset once a part of it is there."""
    return dg.AutomationConditionSensorDefinition(
        "refresh_what_follows",
        target=dg.AssetSelection.all(),
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Starts what reads all partitions of a recipe after one of them was made.",
    )


def build_model_assets(recipes: Sequence[Recipe], settings: Settings) -> list[dg.AssetsDefinition]:
    """Return the assets of all SQL models; one with faults has an asset that shows them."""
    found = find_models(settings)
    known = _known(recipes, found.models, settings)
    faults: dict[str, list[RecipeError]] = {table: list(errors) for table, errors in found.broken.items()}
    for error in check_models(found.models, known):
        faults.setdefault(_table_of(error, found.models), []).append(error)
    used = {f"{recipe.name}.{stage}" for recipe in recipes for stage in recipe.stages}
    good = [model for model in found.models if model.table not in faults and model.table not in used]
    for model in found.models:
        if model.table in used:
            faults[f"{model.table}_model"] = [
                model.error("a recipe makes the table of that name", 1, "rename the file")
            ]
    assets = [broken_asset(table.split("."), errors, "SQL model") for table, errors in faults.items()]
    for model in sort_models(good):
        assets.append(model_asset(model, _around(model, recipes, known)))
        known[model.table] = output_columns(model, known)
    return assets


def _known(recipes: Sequence[Recipe], models: Iterable[Model], settings: Settings) -> dict[str, Mapping[str, str]]:
    """The tables that models may read. The lake is opened only if one reads what no recipe and no model makes."""
    tables = model_input_tables(recipes)
    made = {model.table for model in models}
    if all(table in tables or table in made for model in models for table in model.inputs):
        return tables
    with open_lake(settings) as lake:
        return model_input_tables(recipes, lake)


def _table_of(error: RecipeError, models: Iterable[Model]) -> str:
    """Return the table of the model that an error is about: it names the file, or the contract beside it."""
    file = (error.where or "").rpartition(":")[0].removesuffix(".sql").removesuffix(".yaml")
    return next((model.table for model in models if model.shown.removesuffix(".sql") == file), "ops.sql_models")


def _around(model: Model, recipes: Sequence[Recipe], known: Mapping[str, Mapping[str, str]]) -> Around:
    parted = [
        recipe
        for recipe in recipes
        for stage in recipe.stages
        if f"{recipe.name}.{stage}" in model.inputs and recipe.is_partitioned(stage)
    ]
    return Around(known, parted[0] if parted else None, reads_parts=bool(parted))
