"""Recipes: datasets described in YAML, loaded, validated and fingerprinted."""

from synth_assets.recipes.find import Found, find_recipe, find_recipes
from synth_assets.recipes.load import load_recipe
from synth_assets.recipes.partitions import Partitions
from synth_assets.recipes.problems import BrokenRecipe
from synth_assets.recipes.recipe import Budget, Recipe

__all__ = ["BrokenRecipe", "Budget", "Found", "Partitions", "Recipe", "find_recipe", "find_recipes", "load_recipe"]
