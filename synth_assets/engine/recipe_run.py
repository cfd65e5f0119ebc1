"""A run of a recipe: its jobs in order, then the SQL models. What users start anywhere is this."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from synth_assets.engine.job import Job, StageResult, Tally
from synth_assets.engine.ledger.session import run_spending
from synth_assets.engine.selection import RunSelection, jobs_of, new_run_id
from synth_assets.recipes import Recipe

if TYPE_CHECKING:
    from synth_assets.engine.engine import Engine


class RunObserver(Protocol):
    """Learns of a run as it goes."""

    def start(self, job: Job) -> None:
        """Note that a job begins."""

    def update(self, job: Job, tally: Tally) -> None:
        """Note that one more input row of the job is done."""

    def finish(self, result: StageResult) -> None:
        """Note that a job is committed, or that its table was current."""


class _NoObserver:
    def start(self, job: Job) -> None:
        pass

    def update(self, job: Job, tally: Tally) -> None:
        pass

    def finish(self, result: StageResult) -> None:
        pass


@dataclass
class RecipeRun:
    """The jobs that a selection of a recipe needs. `results` holds what is committed, also after a stop."""

    engine: "Engine"
    recipe: Recipe
    selection: RunSelection
    run_id: str = field(default_factory=new_run_id)
    results: list[StageResult] = field(default_factory=list)
    models: list[StageResult] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.jobs = jobs_of(self.recipe, self.selection, self.run_id)

    def execute(self, observer: RunObserver | None = None) -> "RecipeRun":
        """Run each job in turn; after a run of the whole recipe, compute the SQL models."""
        observer = observer or _NoObserver()
        self.engine.require_teachers(self.jobs)
        for number, job in enumerate(self.jobs, start=1):
            observer.start(job)
            result = self.engine.run(job, observer.update, self.jobs[number:])
            self.results.append(result)
            observer.finish(result)
        if self.selection.is_whole:
            self.models.extend(self.engine.run_models(self.run_id))
        return self

    def notices(self) -> tuple[str, ...]:
        """Return what users must know of the teachers before the run, such as that none is a model."""
        asking = {job.stage for job in self.jobs if self.recipe.stages[job.stage].shape == "ask"}
        notices = (self.engine.teacher_of(self.recipe, stage).notice for stage in sorted(asking))
        return tuple(dict.fromkeys(notice for notice in notices if notice))

    def bought(self) -> Mapping[str, float]:
        """Return what this run has bought so far, by the ledger: `calls`, `tokens`, `usd`."""
        return run_spending(self.engine.lake, self.run_id)
