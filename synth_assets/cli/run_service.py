"""A run as the command line sees it: its jobs one after the other, what is committed, and what was bought."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING

from synth_assets.core.canonical import Json

if TYPE_CHECKING:
    from synth_assets.cli.views.progress import Watcher
    from synth_assets.engine import Engine, Job, Rounds, RunSelection, StageResult
    from synth_assets.recipes import Recipe

_TALLIED = ("input_rows", "rows", "rejects", "failures")
_SPENT = ("calls", "hits", "prompt_tokens", "completion_tokens", "cost_usd")


@dataclass
class Run:
    """The jobs of a wish. `results` holds what is committed, also when the run was stopped."""

    engine: "Engine"
    recipe: "Recipe"
    wish: "RunSelection"
    results: "list[StageResult]" = field(default_factory=list)
    models: "list[StageResult]" = field(default_factory=list)

    def __post_init__(self) -> None:
        from synth_assets.engine import jobs_of, new_run_id

        self.run_id = new_run_id()
        self.jobs: list[Job] = jobs_of(self.recipe, self.wish, self.run_id)

    def go(self, watcher: "Watcher") -> None:
        """Runs each job in turn; after a whole run the SQL models follow."""
        self.engine.require_teachers(self.jobs)
        for place, job in enumerate(self.jobs, start=1):
            watcher.start(job)
            result = self._at_home(self.engine.run(job, watcher.update, self.jobs[place:]))
            self.results.append(result)
            watcher.finish(result)
        if self.wish.stage is None and self.wish.limit is None:
            self.models.extend(self.engine.run_models(self.run_id))

    def _at_home(self, result: "StageResult") -> "StageResult":
        """An export made before the home was moved lies where the home is now."""
        from synth_assets.engine.export_folders import relocate

        if result.folder is None:
            return result
        return replace(result, folder=relocate(result.folder, self.engine.settings.exports))

    def bought(self) -> Mapping[str, float]:
        """What this run has bought so far, as it stands in the ledger: `calls`, `tokens`, `usd`."""
        from synth_assets.engine.ledger.session import run_spending

        return run_spending(self.engine.lake, self.run_id)

    def to_json(self) -> dict[str, Json]:
        """The run for a script."""
        return {
            "run_id": self.run_id,
            "recipe": self.recipe.name,
            "results": [result_json(result) for result in self.results],
            "models": [result_json(result) for result in self.models],
            "bought": dict(self.bought()),
            "notices": list(banners(self)),
        }


def banners(run: Run) -> tuple[str, ...]:
    """What has to be said of the teachers of a run before it begins, such as that they are none."""
    from synth_assets.engine import teacher_of

    asking = {job.stage for job in run.jobs if run.recipe.stages[job.stage].shape == "ask"}
    notices = (teacher_of(run.recipe, stage, run.engine.settings).notice for stage in sorted(asking))
    return tuple(dict.fromkeys(notice for notice in notices if notice))


def result_json(result: "StageResult") -> dict[str, Json]:
    """A result for a script. What was spent is what this run spent: a table that was reused cost nothing."""
    tally = result.tally
    spent = {name: 0 if result.reused else getattr(tally, name) for name in _SPENT}
    return {
        "table": result.table,
        "partition_key": result.partition_key,
        "reused": result.reused,
        **{name: getattr(tally, name) for name in _TALLIED},
        "reasons": dict(tally.reasons),
        **spent,
        "duration_s": round(result.duration_s, 3),
        "snapshot": result.snapshot,
        "run_id": result.run_id,
        "fingerprint": result.fingerprint,
        "folder": str(result.folder) if result.folder else None,
        "rounds": None if result.rounds is None else _rounds_json(result.rounds),
        "warnings": [verdict.description for verdict in result.verdicts if not verdict.passed],
    }


def _rounds_json(rounds: "Rounds") -> Json:
    each: list[Json] = [asdict(one) for one in rounds.rounds]
    return {"wanted": rounds.wanted, "reached": rounds.reached, "stopped": rounds.stopped, "rounds": each}
