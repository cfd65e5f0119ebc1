"""A run of a whole recipe: which jobs it is, in which order, and one door to them."""

import uuid
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from types import TracebackType

from synth_assets.core.contract import WHOLE
from synth_assets.core.errors import RecipeError
from synth_assets.core.stage import Partition
from synth_assets.engine.commit.fingerprint import teacher_of
from synth_assets.engine.garbage import seldom_collected
from synth_assets.engine.job import Job, OnProgress, StageResult
from synth_assets.engine.models import run_model
from synth_assets.engine.runner import Runner, no_progress
from synth_assets.engine.tables import ENGINE_TABLES
from synth_assets.lake import CommitInfo, Lake, Replace, open_lake
from synth_assets.recipes import Recipe
from synth_assets.settings import Settings
from synth_assets.sql import find_models, sort_models

ALL = "all"


@dataclass(frozen=True, slots=True)
class RunSelection:
    """What of a recipe to run. Without a stage, all of them; without a partition, the newest day or every shard."""

    stage: str | None = None
    partition: str | None = None
    limit: int | None = None
    force: bool = False


def jobs_of(recipe: Recipe, wish: RunSelection, run_id: str) -> list[Job]:
    """The jobs of a run, each after those it reads."""
    if wish.stage is not None and wish.stage not in recipe.stages:
        raise RecipeError(
            f"there is no stage {wish.stage!r}",
            where=str(recipe.path),
            remedy=f"it has {', '.join(recipe.stages)}",
        )
    return [
        Job(recipe, stage, partition, run_id, wish.limit, wish.force)
        for stage in _stages(recipe, wish)
        for partition in _partitions(recipe, stage, wish)
    ]


def _stages(recipe: Recipe, wish: RunSelection) -> list[str]:
    """A trial of one stage makes what comes before it, too: its tables are its own."""
    if wish.stage is None:
        return list(recipe.stages)
    if wish.limit is None:
        return [wish.stage]
    return [*recipe.upstream(wish.stage), wish.stage]


def _partitions(recipe: Recipe, stage: str, wish: RunSelection) -> Iterator[Partition]:
    if not recipe.is_partitioned(stage):
        yield Partition()
        return
    keys = recipe.partition_keys()
    if wish.partition not in (None, ALL):
        yield recipe.partition(wish.partition)
        return
    newest_only = wish.partition is None and recipe.partition(keys[-1]).scheme == "daily"
    for key in keys[-1:] if newest_only else keys:
        yield recipe.partition(key)


def new_run_id() -> str:
    """An id for a run; ids sort by time."""
    return f"{datetime.now(UTC):%Y%m%d%H%M%S}-{uuid.uuid4().hex[:12]}"


class Engine:
    """The lake of this machine, and everything that can be run on it."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.lake: Lake = open_lake(settings)
        self._create_engine_tables()
        self._while_open = ExitStack()

    def __enter__(self) -> "Engine":
        self._while_open.enter_context(seldom_collected())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._while_open.close()
        self.lake.close()

    def run(self, job: Job, on_progress: OnProgress = no_progress, then: Sequence[Job] = ()) -> StageResult:
        """Runs one job; `then` are those that this process is to run after it."""
        return Runner(self.settings, self.lake, on_progress, then).run(job)

    def run_all(
        self, recipe: Recipe, wish: RunSelection, on_progress: OnProgress = no_progress
    ) -> Iterator[StageResult]:
        """Runs a recipe, one result after the other."""
        jobs = jobs_of(recipe, wish, new_run_id())
        self.require_teachers(jobs)
        for place, job in enumerate(jobs, start=1):
            yield self.run(job, on_progress, jobs[place:])

    def require_teachers(self, jobs: list[Job]) -> None:
        """TeacherError before anything runs, if one of the jobs has a teacher that cannot be asked."""
        for job in jobs:
            if job.recipe.stages[job.stage].shape == "ask":
                teacher_of(job.recipe, job.stage, self.settings).require()

    def run_models(self, run_id: str) -> Iterator[StageResult]:
        """Computes anew each SQL model whose inputs are there."""
        for model in sort_models(find_models(self.settings).models):
            if all(self.lake.has(table) for table in model.inputs):
                for key in self.lake.partitions(model.inputs[0]) if model.partitioned else [WHOLE]:
                    yield run_model(self.lake, model, run_id, key)

    def _create_engine_tables(self) -> None:
        there = set(self.lake.tables())
        missing = [table for table in ENGINE_TABLES if table not in there]
        with ExitStack() as stack:
            writers = [
                stack.enter_context(self.lake.stage(table, ENGINE_TABLES[table], ids=False)) for table in missing
            ]
            if writers:
                about = CommitInfo("setup", "ops", "setup", message=f"create {', '.join(missing)}")
                self.lake.commit([Replace(writer) for writer in writers], about)
