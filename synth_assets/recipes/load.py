"""Loads a recipe: reads, validates and connects it, and reports all its problems at once."""

import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, TypeAlias, TypeVar

from pydantic import AfterValidator, BaseModel, Field, JsonValue

from synth_assets.core.canonical import Json
from synth_assets.core.contract import Contract
from synth_assets.core.errors import RecipeError
from synth_assets.core.stage import Source, Stage, StageError
from synth_assets.core.suggestions import suggestion
from synth_assets.core.teacher_spec import Strict, TeacherSpec
from synth_assets.core.validation import validate
from synth_assets.core.yaml_document import (
    BrokenRecipe,
    Document,
    KeyPath,
    Problem,
    not_a_mapping,
    read_document,
    shown_path,
)
from synth_assets.kinds import kinds
from synth_assets.recipes.goal import Goal, GoalFault, contracts_with_goal, find_growing_stage
from synth_assets.recipes.graph import topological_order
from synth_assets.recipes.partitions import Partitions
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


class _RecipeKeys(BaseModel):
    """The keys of a recipe. Those of its stages are validated by their kinds."""

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
    """Load the recipe in a file; BrokenRecipe lists all its problems."""
    shown = shown_path(path)
    document = read_document(path, shown, "a recipe")
    if document is None:
        raise BrokenRecipe([not_a_mapping(shown, "a recipe")])
    loading = _Loading(document)
    if message := _name_problem(path.stem, "a recipe") or _reserved_name_problem(path.stem):
        loading.add_problem((), f"{message}; rename the file")
    keys = loading.validate(_RecipeKeys, loading.document.value, ()) or _RecipeKeys.model_construct(stages={})
    stages = loading.sort_stages(loading.read_stages())
    contracts = loading.make_contracts(stages, keys.partitions)
    goal = loading.complete_goal(keys.goal, stages)
    if loading.problems:
        raise BrokenRecipe(sorted(loading.problems, key=_line))
    recipe = Recipe(
        name=path.stem,
        path=path,
        shipped=shipped,
        description=keys.description,
        teacher=keys.teacher,
        budget=keys.budget,
        partitions=keys.partitions,
        schedule=keys.schedule,
        goal=goal,
        owners=keys.owners,
        tags=MappingProxyType(dict(keys.tags)),
        stages=MappingProxyType(stages),
        contracts=MappingProxyType(contracts if goal is None else contracts_with_goal(contracts, goal)),
    )
    try:
        _check_goal_partitions(recipe)
    except GoalFault as fault:
        raise BrokenRecipe([document.problem(("goal", fault.key), str(fault))]) from fault
    return recipe


def _check_goal_partitions(recipe: Recipe) -> None:
    """Raise GoalFault where the stage that grows and the goal's are not partitioned alike, or where days would mix.

    A round is made of one partition.
    """
    goal = recipe.goal
    if goal is None or goal.grows is None:
        return
    if recipe.is_partitioned(goal.grows) != recipe.is_partitioned(goal.stage):
        raise GoalFault("stage", f'"{goal.stage}" is made of all partitions of "{goal.grows}"; name a stage before it')
    if recipe.partitions.scheme == "daily" and isinstance(recipe.stages[goal.grows], Source):
        raise GoalFault("grows", f'each day has its own rows of "{goal.grows}"; let a stage after it grow')


class _Loading:
    """A recipe while it is loaded; problems gather, so that one look at the file mends them all."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.problems: list[RecipeError] = []
        stages = document.value.get("stages")
        items = stages.items() if isinstance(stages, Mapping) else ()
        self.stage_keys: dict[str, _Keys] = {name: keys for name, keys in items if isinstance(keys, Mapping)}

    def add_problem(self, path: KeyPath, message: str, text_line: int | None = None) -> None:
        """Note a problem at a key, or at a line of the text that is its value."""
        self.problems.append(self.document.problem(path, message, text_line))

    def validate(self, model: type[M], value: _Keys, path: KeyPath) -> M | None:
        """Validate keys with a model; notes their problems and returns None where they are not valid."""
        try:
            return validate(self.document, model, value, path)
        except BrokenRecipe as error:
            self.problems += error.problems
            return None

    def read_stages(self) -> dict[str, Stage]:
        """Return the valid stages, each validated by its kind."""
        stages: dict[str, Stage] = {}
        for name, keys in self.stage_keys.items():
            path = ("stages", name)
            if message := _name_problem(name, "a stage"):
                self.add_problem(path, message)
            kind = self._kind(path, keys.get("kind"))
            stage = self.validate(kind, keys, path) if kind else None
            if stage is not None:
                stages[name] = stage
        return stages

    def sort_stages(self, stages: Mapping[str, Stage]) -> dict[str, Stage]:
        """Sort the stages, each after those it reads; notes inputs that do not exist, and cycles."""
        for name, stage in stages.items():
            for upstream in stage.inputs():
                if upstream not in self.stage_keys:
                    self.add_problem(self._key_reading(name, upstream), _unknown_input(upstream, self.stage_keys))
        order, cycle = topological_order({name: stage.inputs() for name, stage in stages.items()})
        if cycle:
            self.add_problem(self._key_reading(*cycle[:2]), f"the stages go in a circle: {' → '.join(reversed(cycle))}")
        return {name: stages[name] for name in order}

    def make_contracts(self, stages: Mapping[str, Stage], partitions: Partitions) -> dict[str, Contract]:
        """Return the contract of each stage, given those it reads; stages after a faulty one are left out."""
        contracts: dict[str, Contract] = {}
        for name, stage in stages.items():
            if not contracts.keys() >= set(stage.inputs()):
                continue
            try:
                contracts[name] = stage.contract({read: contracts[read] for read in stage.inputs()})
                if isinstance(stage, Source):
                    stage.check_scheme(partitions.scheme)
            except StageError as fault:
                self.add_problem(("stages", name, fault.key), str(fault), fault.line)
        return contracts

    def complete_goal(self, goal: Goal | None, stages: Mapping[str, Stage]) -> Goal | None:
        """Return the goal with the stage that grows for it; None where there is no goal, or a stage is faulty."""
        if goal is None or stages.keys() != self.stage_keys.keys():
            return None
        try:
            return goal.model_copy(update={"grows": find_growing_stage(goal, stages)})
        except GoalFault as fault:
            self.add_problem(("goal", fault.key), str(fault))
            return None

    def _kind(self, path: KeyPath, kind: Json) -> type[Stage] | None:
        known = kinds()
        if kind is None:
            self.add_problem(path, f"needs a kind: {', '.join(known)}")
        elif str(kind) not in known:
            self.add_problem((*path, "kind"), f'unknown kind "{kind}", {suggestion(str(kind), known)}')
        return known.get(str(kind))

    def _key_reading(self, name: str, upstream: str) -> KeyPath:
        """Return the key of a stage that names an input."""
        keys = (key for key, value in self.stage_keys[name].items() if _names(value, upstream))
        return ("stages", name, next(keys, "from"))


def _line(problem: RecipeError) -> int:
    return problem.line if isinstance(problem, Problem) else 0


def _names(value: Json, upstream: str) -> bool:
    return value == upstream or (isinstance(value, list | dict) and upstream in value)


def _unknown_input(name: str, stages: Mapping[str, object]) -> str:
    if "." in name:
        return f'a stage reads stages of its recipe; read tables with a source: query: "SELECT … FROM {name}"'
    return f'no stage is called "{name}", {suggestion(name, stages)}'


def _name_problem(name: str, what: str) -> str | None:
    """Return why a name cannot be that of a table or schema; None if it can."""
    if not _NAME.match(name):
        return f'"{name}" cannot name {what}: small letters, digits and _, a letter first'
    return f'"{name}" cannot name {what}: "__" stands for tables that belong to another' if "__" in name else None


def _reserved_name_problem(name: str) -> str | None:
    return f'"{name}" is a name that the lake keeps for itself' if name in _RESERVED else None
