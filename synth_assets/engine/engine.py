"""The engine: the lake of this machine, the jobs of a recipe in order, and one way to run each."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import replace
from types import TracebackType

from synth_assets.core.contract import WHOLE, Contract
from synth_assets.core.errors import ConflictError
from synth_assets.engine import models
from synth_assets.engine.commit.fingerprint import teacher_of
from synth_assets.engine.export_folders import relocate
from synth_assets.engine.job import Job, OnProgress, StageResult
from synth_assets.engine.recipe_run import RecipeRun, RunObserver
from synth_assets.engine.runner import Runner, no_progress
from synth_assets.engine.selection import RunSelection
from synth_assets.engine.tables import ENGINE_TABLES
from synth_assets.lake import Append, CommitInfo, Lake, open_lake
from synth_assets.recipes import Recipe
from synth_assets.settings import Settings
from synth_assets.sql import Model, find_models, sort_models
from synth_assets.teacher import Teacher

_MODEL_ATTEMPTS = 10


class Engine:
    """The lake of this machine, and everything that can be run on it."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.lake: Lake = open_lake(settings)
        self._prepare_engine_tables()

    def __enter__(self) -> "Engine":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.lake.close()

    def run(self, job: Job, on_progress: OnProgress = no_progress, then: Sequence[Job] = ()) -> StageResult:
        """Run one job; `then` are those that this process will run after it."""
        result = Runner(self.settings, self.lake, on_progress, then).run(job)
        if result.folder is None:
            return result
        return replace(result, folder=relocate(result.folder, self.settings.exports))

    def run_recipe(
        self, recipe: Recipe, selection: RunSelection | None = None, observer: RunObserver | None = None
    ) -> RecipeRun:
        """Run a recipe, SQL models included."""
        return RecipeRun(self, recipe, selection or RunSelection()).execute(observer)

    def teacher_of(self, recipe: Recipe, stage: str) -> Teacher:
        """Return whoever answers for a stage on this machine."""
        return teacher_of(recipe, stage, self.settings)

    def require_teachers(self, jobs: list[Job]) -> None:
        """Raise TeacherError before anything runs, if one of the jobs has a teacher that cannot be asked."""
        for job in jobs:
            if job.recipe.stages[job.stage].shape == "ask":
                self.teacher_of(job.recipe, job.stage).require()

    def run_models(self, run_id: str) -> Iterator[StageResult]:
        """Computes anew each SQL model whose inputs are there."""
        for model in sort_models(find_models(self.settings).models):
            if all(self.lake.has(table) for table in model.inputs):
                for key in self.lake.partitions(model.inputs[0]) if model.partitioned else [WHOLE]:
                    yield self.run_model(model, run_id, key)

    def run_model(self, model: Model, run_id: str, key: str = WHOLE) -> StageResult:
        """Compute a model, again where another run was faster: what it committed may be of older rows."""
        for _ in range(_MODEL_ATTEMPTS - 1):
            with suppress(ConflictError):
                return models.run_model(self.lake, model, run_id, key)
        return models.run_model(self.lake, model, run_id, key)

    def _prepare_engine_tables(self) -> None:
        """Create the engine's tables, and add the columns that a lake of an earlier version lacks."""
        outdated = [table for table, contract in ENGINE_TABLES.items() if self._lacks_columns(table, contract)]
        with ExitStack() as stack:
            writers = [
                stack.enter_context(self.lake.stage(table, ENGINE_TABLES[table], ids=False)) for table in outdated
            ]
            if writers:
                about = CommitInfo("setup", "ops", "setup", message=f"prepare {', '.join(outdated)}")
                self.lake.commit([Append(writer) for writer in writers], about)

    def _lacks_columns(self, table: str, contract: Contract) -> bool:
        return not self.lake.has(table) or not set(contract.names()) <= set(self.lake.columns(table))
