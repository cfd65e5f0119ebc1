"""Recipes and SQL models as Dagster assets, with their checks, partitions, schedules and metadata."""

from synth_assets.assets.component import RecipeComponent
from synth_assets.assets.definitions import build_definitions
from synth_assets.assets.recipe import build_recipe_defs
from synth_assets.assets.resources import lake_resources

__all__ = ["RecipeComponent", "build_definitions", "build_recipe_defs", "lake_resources"]
