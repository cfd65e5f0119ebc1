"""A recipe: a dataset from source to training file, known to be sound."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
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
    """What one run may use up; reaching any of it stops the run."""

    model_config = Strict

    usd: float | None = Field(None, ge=0)
    calls: int | None = Field(None, ge=0)
    tokens: int | None = Field(None, ge=0)


@dataclass(frozen=True, slots=True)
class Recipe:
    """A recipe as it was loaded: its stages in an order in which each follows what it reads."""

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
        """A hash of all in the recipe, its kinds and what comes before that shapes the rows of a stage."""
        return self.fingerprints()[stage]

    def fingerprints(self) -> dict[str, str]:
        """The fingerprint of each stage."""
        found: dict[str, str] = {}
        for name, stage in self.stages.items():
            parts = self._parts(name)
            parts["inputs"] = [found.get(upstream, upstream) for upstream in stage.inputs()]
            if self.goal is not None and name == self.goal.grows:
                parts["goal"] = [self.goal.model_dump(mode="json"), [self._parts(each) for each in self.goal_chain()]]
            elif self.goal is not None and name == self.goal.stage:
                parts["goal"] = self.goal.rows
            found[name] = content_hash(FINGERPRINT_SCHEME, parts)
        return found

    def _parts(self, name: str) -> dict[str, Json]:
        """All of one stage that shapes its rows but what it reads."""
        stage = self.stages[name]
        parts: dict[str, Json] = {
            "recipe": self.name,
            "stage": name,
            "keys": stage.fingerprint_fields(),
            "code": code_hash(type(stage)),
        }
        if isinstance(stage, Ask):
            parts["teacher"] = _shaping_teacher(self.teacher_of(name))
        if isinstance(stage, Source):
            parts["partitions"] = self.partitions.model_dump(mode="json")
        return parts

    def goal_chain(self) -> tuple[str, ...]:
        """The stages that a round of the goal makes after the one that grows, up to the goal's own; in order."""
        if self.goal is None or self.goal.grows is None:
            return ()
        done = with_upstream(self.stages, self.goal.grows)
        return tuple(name for name in with_upstream(self.stages, self.goal.stage) if name not in done)

    def teacher_of(self, stage: str) -> TeacherSpec:
        """Who answers a stage: the recipe's teacher with the keys that the stage sets anew."""
        asking = self.stages[stage]
        return self.teacher.with_overrides(asking.teacher if isinstance(asking, Ask) else None)

    def upstream(self, stage: str) -> tuple[str, ...]:
        """The stages of this recipe that a stage reads, and those they read, in order."""
        return with_upstream(self.stages, stage)[:-1]

    def downstream(self, stage: str) -> tuple[str, ...]:
        """The stages that read a stage, and those that read them, in order."""
        reached = {stage}
        for name, later in self.stages.items():
            if reached & set(later.inputs()):
                reached.add(name)
        return tuple(name for name in self.stages if name in reached - {stage})

    def is_partitioned(self, stage: str) -> bool:
        """Whether a stage is divided as its recipe is: not if it, or what it reads, needs the whole."""
        if self.partitions.scheme == "none":
            return False
        return not any(self.stages[name].needs_all_partitions for name in (stage, *self.upstream(stage)))

    def partition_keys(self, today: date | None = None) -> list[str]:
        """The names of the partitions there are until today."""
        return self.partitions.keys(today)

    def partitions_of(self, stage: str, today: date | None = None) -> list[Partition]:
        """The partitions of one stage: the recipe's, or the whole."""
        if not self.is_partitioned(stage):
            return [Partition()]
        return [self.partition(key) for key in self.partition_keys(today)]

    def partition(self, key: str) -> Partition:
        """The partition of that name; RecipeError names those there are."""
        return self.partitions.partition(key)

    def with_teacher(self, teacher: TeacherSpec) -> "Recipe":
        """This recipe with one teacher for all its stages, to rehearse it."""
        stages = {
            name: stage.model_copy(update={"teacher": None}) if isinstance(stage, Ask) else stage
            for name, stage in self.stages.items()
        }
        return replace(self, teacher=teacher, stages=stages)


def _shaping_teacher(teacher: TeacherSpec) -> Json:
    """What of a teacher shapes its answers: not its limits, its key or the way it is reached."""
    return teacher.model_dump(mode="json", exclude={"limits", "transport", "mode", "api_key_env"})
