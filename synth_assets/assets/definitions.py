"""Everything there is on this machine, as one set of Dagster definitions."""

import dagster as dg

from synth_assets.assets.executor import executor_of
from synth_assets.assets.recipe import broken_defs, build_recipe_defs
from synth_assets.assets.resources import lake_resources
from synth_assets.recipes import find_recipes
from synth_assets.settings import Settings


def build_definitions(settings: Settings) -> dg.Definitions:
    """All recipes, shipped and own. What is broken shows its error and leaves the rest as it is."""
    found = find_recipes(settings)
    recipes = [build_recipe_defs(recipe, settings) for recipe in found.recipes.values()]
    broken = [broken_defs(name, problems) for name, problems in found.broken.items()]
    shared = dg.Definitions(resources=lake_resources(settings), executor=executor_of(settings))
    return dg.Definitions.merge(*recipes, *broken, shared)
