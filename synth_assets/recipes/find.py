"""Finds the recipes: those shipped with the package, and those in the user's own folder."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from synth_assets.core.errors import RecipeError
from synth_assets.core.suggestions import suggestion
from synth_assets.core.yaml_document import BrokenRecipe, shown_path
from synth_assets.recipes.load import load_recipe
from synth_assets.recipes.recipe import Recipe
from synth_assets.settings import Settings


@dataclass(frozen=True, slots=True)
class FoundRecipes:
    """The recipes that can be used, the problems of the others, and notes for the user."""

    recipes: Mapping[str, Recipe]
    broken: Mapping[str, list[RecipeError]]
    notes: list[str]


def find_recipe(settings: Settings, name: str) -> Recipe:
    """Load one recipe without reading the others; RecipeError says why there is none."""
    paths, _ = _paths(settings.recipes)
    if name not in paths:
        raise RecipeError(f'there is no recipe "{name}"', remedy=suggestion(name, paths))
    return _load(paths[name])


def find_recipes(settings: Settings) -> FoundRecipes:
    """Load all recipes of this machine. A broken one does not affect the others."""
    paths, notes = _paths(settings.recipes)
    recipes: dict[str, Recipe] = {}
    broken: dict[str, list[RecipeError]] = {}
    for name, path in sorted(paths.items()):
        try:
            recipes[name] = _load(path)
        except BrokenRecipe as error:
            broken[name] = list(error.problems)
    return FoundRecipes(recipes, broken, notes)


def _load(path: Path) -> Recipe:
    return load_recipe(path, shipped=path.parent == _shipped())


def _paths(folder: Path | None) -> tuple[dict[str, Path], list[str]]:
    paths = {path.stem: path for path in _files(_shipped())}
    if folder is None:
        return paths, []
    if not folder.is_dir():
        return paths, [f"your folder of recipes is not there: {shown_path(folder)}"]
    notes = []
    own: dict[str, Path] = {}
    for path in _files(folder):
        if path.stem in own:
            notes.append(f"{shown_path(path)} is not used: {own[path.stem].name} has the same name")
            continue
        if path.stem in paths:
            notes.append(f"your {path.name} is used instead of the shipped one")
        own[path.stem] = path
    return paths | own, notes


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.iterdir()) if path.suffix in (".yaml", ".yml") and path.is_file())


def _shipped() -> Path:
    return Path(str(files("synth_assets.recipes")))
