"""Turns recipes into Dagster's definitions; one that cannot be used becomes an asset that says why."""

import re
import warnings
from collections.abc import Sequence

import dagster as dg

from synth_assets.assets.nightly import job_of, nightly_of
from synth_assets.assets.stage import stage_asset
from synth_assets.core.errors import RecipeError
from synth_assets.recipes import BrokenRecipe, Recipe
from synth_assets.settings import Settings


def build_recipe_defs(recipe: Recipe, settings: Settings) -> dg.Definitions:
    """Return the assets, checks, jobs and schedule of a recipe. They want the resources of `lake_resources`."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", dg.PreviewWarning)
        assets = [stage_asset(recipe, name, settings) for name in recipe.stages]
    return dg.Definitions.merge(dg.Definitions(assets=assets, jobs=[job_of(recipe)]), nightly_of(recipe))


def broken_asset(path: Sequence[str], problems: Sequence[RecipeError], what: str = "recipe") -> dg.AssetsDefinition:
    """Return an asset in the place of a recipe or a SQL model that cannot be used: it shows what to mend."""
    key = [re.sub(r"\W", "_", part) for part in path]
    text = "\n".join(f"- {problem}" for problem in problems)

    @dg.asset(
        key=key,
        group_name=key[0],
        description=f"**This {what} cannot be used**, the others are not affected. What is wrong:\n\n{text}",
        kinds={"yaml" if what == "recipe" else "sql"},
        tags={"broken": ""},
        metadata={"problems": dg.MetadataValue.md(text)},
    )
    def broken() -> None:
        raise dg.Failure(str(BrokenRecipe(problems)), {"problems": dg.MetadataValue.md(text)}, allow_retries=False)

    return broken
