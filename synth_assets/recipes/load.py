"""Loads a recipe: reads, validates and connects it, and tells everything that is wrong at once."""

import json
import re
from collections.abc import Mapping
from operator import attrgetter
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, TypeAlias, TypeVar

from pydantic import AfterValidator, BaseModel, Field, JsonValue, ValidationError

from synth_assets.core.canonical import Json
from synth_assets.core.contract import Contract
from synth_assets.core.stage import Source, Stage, StageError
from synth_assets.core.teacher_spec import Strict, TeacherSpec
from synth_assets.kinds import kinds
from synth_assets.recipes.document import Document, read_document
from synth_assets.recipes.goal import Goal, GoalFault, grower_of, with_goal
from synth_assets.recipes.graph import in_order
from synth_assets.recipes.partitions import Partitions
from synth_assets.recipes.problems import BrokenRecipe, KeyPath, Problem, faults, suggestion
from synth_assets.recipes.recipe import BudgetSpec, Recipe
from synth_assets.recipes.schedule import check_cron

M = TypeVar("M", bound=BaseModel)
_Keys: TypeAlias = Mapping[str, Json]

_NAME = re.compile(r"[a-z][a-z0-9_]*\Z")
_OWNER = re.compile(r"team:[\w-]+\Z|[^@\s]+@[^@\s]+\Z")
_RESERVED = {"all", "information_schema", "lake", "main", "memory", "ops", "pg_catalog", "system", "temp"}


def _owner(text: str) -> str:
    if not _OWNER.match(text):
        raise ValueError(f'"{text}" is neither an e-mail address nor like team:data')
    return text


class _Head(BaseModel):
    """The keys of a recipe. What stands in its stages is validated by their kinds."""

    model_config = Strict

    description: str = ""
    teacher: TeacherSpec = TeacherSpec()
    budget: BudgetSpec = BudgetSpec()
    partitions: Partitions = Partitions()
    schedule: Annotated[str, AfterValidator(check_cron)] | None = None
    goal: Goal | None = None
    owners: tuple[Annotated[str, AfterValidator(_owner)], ...] = ()
    tags: Mapping[str, str] = {}
    stages: Mapping[str, Mapping[str, JsonValue]] = Field(min_length=1)


def load_recipe(path: Path, *, shipped: bool = False) -> Recipe:
    """The recipe that a file holds; BrokenRecipe tells all its problems."""
    loading = _Loading(read_document(path))
    if fault := _name_fault(path.stem, "a recipe") or _reserved_fault(path.stem):
        loading.problem((), f"{fault}; rename the file")
    head = loading.validated(_Head, loading.document.value, ()) or _Head.model_construct(stages={})
    stages = loading.ordered(loading.stages())
    contracts = loading.contracts(stages, head.partitions)
    goal = loading.goal(head.goal, stages)
    if loading.problems:
        raise BrokenRecipe(sorted(loading.problems, key=attrgetter("line")))
    recipe = Recipe(
        name=path.stem,
        path=path,
        shipped=shipped,
        description=head.description,
        teacher=head.teacher,
        budget=head.budget,
        partitions=head.partitions,
        schedule=head.schedule,
        goal=goal,
        owners=head.owners,
        tags=MappingProxyType(dict(head.tags)),
        stages=MappingProxyType(stages),
        contracts=MappingProxyType(contracts if goal is None else with_goal(contracts, goal)),
    )
    undivided = _partition_fault(recipe)
    if undivided is not None:
        raise BrokenRecipe([loading.document.problem(("goal", undivided.key), undivided.message)])
    return recipe


def _partition_fault(recipe: Recipe) -> GoalFault | None:
    """Rounds are made of one partition: what grows and what counts are divided alike, and days stay apart."""
    goal = recipe.goal
    if goal is None or goal.grows is None:
        return None
    if recipe.is_partitioned(goal.grows) != recipe.is_partitioned(goal.stage):
        return GoalFault("stage", f'"{goal.stage}" is made of all partitions of "{goal.grows}"; name a stage before it')
    if recipe.partitions.scheme == "daily" and isinstance(recipe.stages[goal.grows], Source):
        return GoalFault("grows", f'each day has its own rows of "{goal.grows}"; let a stage after it grow')
    return None


class _Loading:
    """A recipe while it is loaded; problems gather, so that one look at the file mends them all."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.problems: list[Problem] = []
        stages = document.value.get("stages")
        named = stages if isinstance(stages, Mapping) else {}
        self.raw: dict[str, _Keys] = {name: keys for name, keys in named.items() if isinstance(keys, Mapping)}

    def problem(self, path: KeyPath, message: str, text_line: int | None = None) -> None:
        """Notes a fault at a key, or at a line of the text that is its value."""
        self.problems.append(self.document.problem(path, message, text_line))

    def validated(self, model: type[M], value: _Keys, path: KeyPath) -> M | None:
        """The model that the keys make; None where they make none."""
        try:
            # Strict, and as JSON: a list may become a tuple, but "5" never a number, nor `true` a 1.
            return model.model_validate_json(json.dumps(value), strict=True, by_alias=True, by_name=False)
        except ValidationError as error:
            for where, message, line in faults(error, model):
                self.problem((*path, *where), message, line)
            return None

    def stages(self) -> dict[str, Stage]:
        """The stages that are valid, each by its kind."""
        found: dict[str, Stage] = {}
        for name, keys in self.raw.items():
            path = ("stages", name)
            if fault := _name_fault(name, "a stage"):
                self.problem(path, fault)
            kind = self._kind(path, keys.get("kind"))
            stage = self.validated(kind, keys, path) if kind else None
            if stage is not None:
                found[name] = stage
        return found

    def ordered(self, stages: Mapping[str, Stage]) -> dict[str, Stage]:
        """The stages, each after those it reads; notes inputs that are not there, and circles."""
        for name, stage in stages.items():
            for upstream in stage.inputs():
                if upstream not in self.raw:
                    self.problem(self._place(name, upstream), _unknown_input(upstream, self.raw))
        order, cycle = in_order({name: stage.inputs() for name, stage in stages.items()})
        if cycle:
            self.problem(self._place(*cycle[:2]), f"the stages go in a circle: {' → '.join(reversed(cycle))}")
        return {name: stages[name] for name in order}

    def contracts(self, stages: Mapping[str, Stage], partitions: Partitions) -> dict[str, Contract]:
        """What each stage promises, given what it reads. What follows a faulty stage is left out."""
        contracts: dict[str, Contract] = {}
        for name, stage in stages.items():
            if not contracts.keys() >= set(stage.inputs()):
                continue
            try:
                contracts[name] = stage.contract({read: contracts[read] for read in stage.inputs()})
                if isinstance(stage, Source):
                    stage.check_scheme(partitions.scheme)
            except StageError as fault:
                self.problem(("stages", name, fault.key), str(fault), fault.line)
        return contracts

    def goal(self, goal: Goal | None, stages: Mapping[str, Stage]) -> Goal | None:
        """The goal with the stage that grows for it; None where there is none, or where what it needs is faulty."""
        if goal is None or stages.keys() != self.raw.keys():
            return None
        grower = grower_of(goal, stages)
        if isinstance(grower, GoalFault):
            self.problem(("goal", grower.key), grower.message)
            return None
        return goal.model_copy(update={"grows": grower})

    def _kind(self, path: KeyPath, kind: Json) -> type[Stage] | None:
        known = kinds()
        if kind is None:
            self.problem(path, f"needs a kind: {', '.join(known)}")
        elif str(kind) not in known:
            self.problem((*path, "kind"), f'unknown kind "{kind}", {suggestion(str(kind), known)}')
        return known.get(str(kind))

    def _place(self, name: str, upstream: str) -> KeyPath:
        """The key of a stage that names what it reads."""
        keys = (key for key, value in self.raw[name].items() if _names(value, upstream))
        return ("stages", name, next(keys, "from"))


def _names(value: Json, upstream: str) -> bool:
    return value == upstream or (isinstance(value, list | dict) and upstream in value)


def _unknown_input(name: str, stages: Mapping[str, object]) -> str:
    if "." in name:
        return f'a stage reads stages of its recipe; read tables with a source: query: "SELECT … FROM {name}"'
    return f'no stage is called "{name}", {suggestion(name, stages)}'


def _name_fault(name: str, what: str) -> str | None:
    """Why a name cannot be that of a table or schema."""
    if not _NAME.match(name):
        return f'"{name}" cannot name {what}: small letters, digits and _, a letter first'
    return f'"{name}" cannot name {what}: "__" stands for tables that belong to another' if "__" in name else None


def _reserved_fault(name: str) -> str | None:
    return f'"{name}" is a name that the lake keeps for itself' if name in _RESERVED else None
