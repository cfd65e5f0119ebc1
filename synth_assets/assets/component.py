"""A recipe as a component of `dg`: scaffolded, listed and documented like any other."""

from dataclasses import dataclass
from pathlib import Path

import dagster as dg
from dagster.components.scaffold.scaffold import NoParams
from pydantic import BaseModel, ConfigDict, Field

from synth_assets.assets.recipe import broken_asset, build_recipe_defs
from synth_assets.assets.resources import lake_resources
from synth_assets.recipes import BrokenRecipe, load_recipe
from synth_assets.settings import load

STARTER = """# A dataset from source to training file. `dg check defs` tells what is wrong with it.
description: What this dataset is for

teacher:
  model: offline # answers by rules, costs nothing; name a model, like mistral-small-latest, to ask it

stages:
  raw_dialogs:
    kind: source
    sample: dialogs

  rewritten_dialogs:
    kind: rewrite
    from: raw_dialogs
    instruction: The assistant is patient and explains every step.

  finetune:
    kind: chat_jsonl
    from: rewritten_dialogs
"""


class RecipeAttributes(BaseModel):
    """What stands in `defs.yaml`. The recipe is a file of its own, so that no template in it is filled in too early."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    recipe: Path = Field(description="the recipe's file, from the folder of defs.yaml; its name names the dataset")


class RecipeScaffolder(dg.Scaffolder):
    """Writes `defs.yaml` and a recipe to start from."""

    def scaffold(self, request: dg.ScaffoldRequest[NoParams]) -> None:
        """Names the recipe after its folder."""
        file = request.target_path / f"{request.target_path.name}.yaml"
        if not file.exists():
            file.write_text(STARTER, "utf-8")
        dg.scaffold_component(request, {"recipe": file.name})


@dg.scaffold_with(RecipeScaffolder)
@dataclass(frozen=True)
class RecipeComponent(dg.Component):
    """A synthetic dataset, described by a recipe: each of its stages is an asset, a table and its checks."""

    recipe: Path

    @classmethod
    def get_model_cls(cls) -> type[BaseModel]:
        """Return the keys of `attributes`."""
        return RecipeAttributes

    @classmethod
    def load(cls, attributes: BaseModel | None, context: dg.ComponentLoadContext) -> "RecipeComponent":
        """Takes the attributes as they are written: nothing in them is a template."""
        if not isinstance(attributes, RecipeAttributes):
            raise TypeError("a RecipeComponent needs the attribute `recipe`")
        return cls(context.path / attributes.recipe)

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        """Return the assets, jobs and schedule of the recipe, with the resources they want."""
        settings = load()
        resources = dg.Definitions(resources=lake_resources(settings))
        try:
            found = build_recipe_defs(load_recipe(self.recipe), settings)
        except BrokenRecipe as error:
            found = dg.Definitions([broken_asset([self.recipe.stem, "broken_recipe"], error.problems)])
        return dg.Definitions.merge(found, resources)
