"""Finds the recipe that a command was given: by its name, or a file that is not in any folder of recipes."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from synth_assets.recipes import Recipe
    from synth_assets.settings import Settings

SUFFIXES = (".yaml", ".yml")


def is_file(name: str) -> bool:
    """Return whether a recipe is named by its file."""
    return name.endswith(SUFFIXES)


def recipe_named(settings: "Settings", name: str) -> "Recipe":
    """Return the recipe of that name; RecipeError says what is wrong with it, or which there are."""
    from synth_assets.recipes import find_recipe, load_recipe

    return load_recipe(Path(name)) if is_file(name) else find_recipe(settings, name)
