"""Which jobs a run is: the stages and partitions that somebody selects, in the order they can be made."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from synth_assets.core.errors import RecipeError
from synth_assets.core.stage import Partition
from synth_assets.engine.job import Job
from synth_assets.recipes import Recipe

ALL = "all"


@dataclass(frozen=True, slots=True)
class RunSelection:
    """What of a recipe to run. Without a stage, all of them; without a partition, the newest day or every shard."""

    stage: str | None = None
    partition: str | None = None
    limit: int | None = None
    force: bool = False

    @property
    def is_whole(self) -> bool:
        """Whether every stage is run, and not as a trial."""
        return self.stage is None and self.limit is None


def jobs_of(recipe: Recipe, selection: RunSelection, run_id: str) -> list[Job]:
    """Return the jobs of a run, each after those it reads."""
    if selection.stage is not None and selection.stage not in recipe.stages:
        raise RecipeError(
            f"there is no stage {selection.stage!r}",
            where=str(recipe.path),
            remedy=f"it has {', '.join(recipe.stages)}",
        )
    return [
        Job(recipe, stage, partition, run_id, selection.limit, selection.force)
        for stage in _stages(recipe, selection)
        for partition in _partitions(recipe, stage, selection)
    ]


def _stages(recipe: Recipe, selection: RunSelection) -> list[str]:
    """Return the stages to run; a trial of one stage makes what comes before it, too, in tables of its own."""
    if selection.stage is None:
        return list(recipe.stages)
    if selection.limit is None:
        return [selection.stage]
    return [*recipe.upstream(selection.stage), selection.stage]


def _partitions(recipe: Recipe, stage: str, selection: RunSelection) -> Iterator[Partition]:
    if not recipe.is_partitioned(stage):
        yield Partition()
        return
    keys = recipe.partition_keys()
    if selection.partition not in (None, ALL):
        yield recipe.partition(selection.partition)
        return
    newest_only = selection.partition is None and recipe.partition(keys[-1]).scheme == "daily"
    for key in keys[-1:] if newest_only else keys:
        yield recipe.partition(key)


def new_run_id() -> str:
    """Return an id for a run; ids sort by time."""
    return f"{datetime.now(UTC):%Y%m%d%H%M%S}-{uuid.uuid4().hex[:12]}"
