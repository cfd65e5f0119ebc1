"""Fingerprints a stage, and tells whether what is committed is what a job would make."""

from synth_assets.core.canonical import content_hash
from synth_assets.engine.commit.commits import CommitRecord, InputState
from synth_assets.engine.job import Job
from synth_assets.lake import Reader
from synth_assets.recipes import Recipe
from synth_assets.settings import Settings
from synth_assets.teacher import Teacher, open_teacher


def teacher_of(recipe: Recipe, stage: str, settings: Settings) -> Teacher:
    """Return the teacher that answers for a stage."""
    return open_teacher(recipe.teacher_of(stage), settings, shipped=recipe.shipped)


def fingerprint_of(recipe: Recipe, stage: str, settings: Settings) -> str:
    """Return a hash of all that shapes a stage's data: the recipe's part, and who really answers on this machine."""
    fingerprint = recipe.fingerprint(stage)
    if recipe.stages[stage].shape != "ask":
        return fingerprint
    target = teacher_of(recipe, stage, settings).target
    return content_hash("stage/1", [fingerprint, target.endpoint, target.model])


def is_current(lake: Reader, job: Job, fingerprint: str, commit: CommitRecord, inputs: dict[str, InputState]) -> bool:
    """Whether a commit is what the job would make. A source looks outside each time; a failure is asked again."""
    return (
        job.recipe.stages[job.stage].shape != "source"
        and commit.tally.failures == 0
        and commit.fingerprint == fingerprint
        and commit.made_from(inputs)
        and lake.count(job.table, job.partition.key) == commit.tally.rows
    )
