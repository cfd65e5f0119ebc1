"""The partitions of a recipe as Dagster knows them."""

import dagster as dg

from synth_assets.core.stage import Partition
from synth_assets.recipes import Recipe


def partitions_of(recipe: Recipe) -> dg.PartitionsDefinition[str] | None:
    """Days, shards or nothing, by the same names as in the lake."""
    if recipe.partitions.daily is not None:
        return dg.DailyPartitionsDefinition(recipe.partitions.daily.isoformat(), end_offset=1)
    if recipe.partitions.shards is not None:
        return dg.StaticPartitionsDefinition(recipe.partition_keys())
    return None


def partitions_of_stage(recipe: Recipe, stage: str) -> dg.PartitionsDefinition[str] | None:
    """Those of its recipe, but for a stage that needs the whole."""
    return partitions_of(recipe) if recipe.is_partitioned(stage) else None


def partitions_in(context: dg.AssetExecutionContext, recipe: Recipe, stage: str) -> list[Partition]:
    """Return what a run is asked to fill: one partition, a range of them, or the whole."""
    if not recipe.is_partitioned(stage):
        return [Partition()]
    return [recipe.partition(key) for key in context.partition_keys]


# Plain `eager` would wait until every partition there ever was is filled; which there are, the lake knows.
FOLLOWS = dg.AutomationCondition.eager().without(~dg.AutomationCondition.any_deps_missing())


def follows_by_itself(recipe: Recipe, stage: str) -> "dg.AutomationCondition[dg.AssetKey] | None":
    """Return the condition that refreshes a stage that needs all partitions when one before it is made."""
    return None if recipe.partitions.scheme == "none" or recipe.is_partitioned(stage) else FOLLOWS
