"""Describes a valid recipe: a dataset from source to training file."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from pydantic import BaseModel, Field

from synth_assets.core.canonical import Json, content_hash
from synth_assets.core.contract import Contract
from synth_assets.core.stage import Ask, Partition, Source, Stage
from synth_assets.core.teacher_spec import Strict, TeacherSpec
from synth_assets.kinds import code_hash
from synth_assets.recipes.goal import Goal
from synth_assets.recipes.graph import with_upstream
from synth_assets.recipes.partitions import Partitions

FINGERPRINT_SCHEME = "stage/1"


class BudgetSpec(BaseModel):
    """What one run may spend; reaching any of these limits stops the run."""

    model_config = Strict

    usd: float | None = Field(None, ge=0)
    calls: int | None = Field(None, ge=0)
    tokens: int | None = Field(None, ge=0)


@dataclass(frozen=True, slots=True)
class Recipe:
    """A recipe as it was loaded; each of its stages comes after those it reads."""

    name: str
    path: Path
    shipped: bool
    description: str
    teacher: TeacherSpec
    budget: BudgetSpec
    partitions: Partitions
    schedule: str | None
    goal: Goal | None
    owners: tuple[str, ...]
    tags: Mapping[str, str]
    stages: Mapping[str, Stage]
    contracts: Mapping[str, Contract]

    def fingerprint(self, stage: str) -> str:
        """Return a hash of all that determines the rows of a stage: its keys, its kind's code and what it reads."""
        return self.fingerprints()[stage]

    def fingerprints(self) -> dict[str, str]:
        """Return the fingerprint of each stage."""
        fingerprints: dict[str, str] = {}
        for name, stage in self.stages.items():
            parts = self._parts(name)
            parts["inputs"] = [fingerprints.get(upstream, upstream) for upstream in stage.inputs()]
            if self.goal is not None and name == self.goal.grows:
                parts["goal"] = [self.goal.model_dump(mode="json"), [self._parts(each) for each in self.goal_chain()]]
            elif self.goal is not None and name == self.goal.stage:
                parts["goal"] = self.goal.rows
            fingerprints[name] = content_hash(FINGERPRINT_SCHEME, parts)
        return fingerprints

    def _parts(self, name: str) -> dict[str, Json]:
        """Return all that determines the rows of one stage, except what it reads."""
        stage = self.stages[name]
        parts: dict[str, Json] = {
            "recipe": self.name,
            "stage": name,
            "keys": stage.fingerprint_fields(),
            "code": code_hash(type(stage)),
        }
        if isinstance(stage, Ask):
            parts["teacher"] = _teacher_fingerprint_fields(self.teacher_of(name))
        if isinstance(stage, Source):
            parts["partitions"] = self.partitions.model_dump(mode="json")
        return parts

    def goal_chain(self) -> tuple[str, ...]:
        """Return the stages that a round of the goal makes after the one that grows, up to the goal's own, in order."""
        if self.goal is None or self.goal.grows is None:
            return ()
        before = with_upstream(self.stages, self.goal.grows)
        return tuple(name for name in with_upstream(self.stages, self.goal.stage) if name not in before)

    def teacher_of(self, stage: str) -> TeacherSpec:
        """Return the teacher of a stage: the recipe's, with the keys that the stage overrides."""
        ask = self.stages[stage]
        return self.teacher.with_overrides(ask.teacher if isinstance(ask, Ask) else None)

    def upstream(self, stage: str) -> tuple[str, ...]:
        """Return the stages of this recipe that a stage reads, and those they read, in order."""
        return with_upstream(self.stages, stage)[:-1]

    def downstream(self, stage: str) -> tuple[str, ...]:
        """Return the stages that read a stage, and those that read them, in order."""
        included = {stage}
        for name, later in self.stages.items():
            if included & set(later.inputs()):
                included.add(name)
        return tuple(name for name in self.stages if name in included - {stage})

    def is_partitioned(self, stage: str) -> bool:
        """Return whether a stage is partitioned like its recipe: not if it, or one it reads, needs all rows at once."""
        if self.partitions.scheme == "none":
            return False
        return not any(self.stages[name].needs_all_partitions for name in (stage, *self.upstream(stage)))

    def partition_keys(self, today: date | None = None) -> list[str]:
        """Return the names of the partitions until today."""
        return self.partitions.keys(today)

    def partition(self, key: str) -> Partition:
        """Return the partition of that name; RecipeError lists the existing ones."""
        return self.partitions.partition(key)


def _teacher_fingerprint_fields(teacher: TeacherSpec) -> Json:
    """Return the fields of a teacher that determine its answers: not its limits, its key or its transport."""
    return teacher.model_dump(mode="json", exclude={"limits", "transport", "mode", "api_key_env"})
