"""Recipes: datasets described in YAML, loaded, validated and fingerprinted."""

from synth_assets.core.yaml_document import BrokenRecipe
from synth_assets.recipes.find import FoundRecipes, find_recipe, find_recipes
from synth_assets.recipes.load import load_recipe
from synth_assets.recipes.partitions import Partitions
from synth_assets.recipes.recipe import BudgetSpec, Recipe

__all__ = [
    "BrokenRecipe",
    "BudgetSpec",
    "FoundRecipes",
    "Partitions",
    "Recipe",
    "find_recipe",
    "find_recipes",
    "load_recipe",
]
