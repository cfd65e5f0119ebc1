"""The jobs of a recipe: all of it by hand, and each night the newest part with whatever follows from it."""

from collections.abc import Iterator

import dagster as dg

from synth_assets.recipes import Recipe

RANGE_START, RANGE_END = "dagster/asset_partition_range_start", "dagster/asset_partition_range_end"


def job_of(recipe: Recipe) -> "dg.UnresolvedAssetJobDefinition":
    """Return the job that makes every stage of a recipe."""
    return dg.define_asset_job(recipe.name, _stages_of(recipe), description=f"All stages of {recipe.name}")


def _stages_of(recipe: Recipe) -> dg.AssetSelection:
    """Return its stages alone: SQL models may have joined its group."""
    return dg.AssetSelection.assets(*(dg.AssetKey([recipe.name, stage]) for stage in recipe.stages))


def nightly_of(recipe: Recipe) -> dg.Definitions:
    """Return the schedule of a recipe and the job it starts: the recipe and what is downstream of it."""
    if recipe.schedule is None:
        return dg.Definitions()
    own = _stages_of(recipe)
    job = dg.define_asset_job(
        f"{recipe.name}_nightly", own | own.downstream(), description=f"{recipe.name} and all that follows from it"
    )

    @dg.schedule(
        recipe.schedule,
        job=job,
        name=f"{recipe.name}_nightly",
        execution_timezone="UTC",
        description=_description(recipe),
    )
    def tick(context: dg.ScheduleEvaluationContext) -> Iterator[dg.RunRequest | dg.SkipReason]:
        yield _request(recipe, context)

    return dg.Definitions(jobs=[job], schedules=[tick])


def _request(recipe: Recipe, context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
    keys = recipe.partition_keys(context.scheduled_execution_time.date())
    if not keys:
        return dg.SkipReason(f"the first day of {recipe.name} is yet to come: {recipe.partitions.daily}")
    if recipe.partitions.scheme == "daily":
        return dg.RunRequest(partition_key=keys[-1])
    if recipe.partitions.scheme == "shards":
        return dg.RunRequest(tags={RANGE_START: keys[0], RANGE_END: keys[-1]})
    return dg.RunRequest()


def _description(recipe: Recipe) -> str:
    part = {"none": "all of it", "daily": "the newest day", "shards": "every shard"}[recipe.partitions.scheme]
    return f"Makes {part} of {recipe.name} again, then what follows from it. Answers in the ledger cost nothing."
