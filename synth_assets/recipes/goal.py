"""The `goal:` of a recipe: an exact number of accepted rows, asked for in rounds until they are reached."""

from collections.abc import Mapping
from dataclasses import replace

from pydantic import BaseModel, Field

from synth_assets.core.contract import Contract
from synth_assets.core.stage import Stage
from synth_assets.core.suggestions import suggestion
from synth_assets.core.teacher_spec import Strict
from synth_assets.recipes.graph import with_upstream


class Goal(BaseModel):
    """The keys of a goal: what to reach, and how far to go for it. The budget says what a run may spend."""

    model_config = Strict

    stage: str = Field(description="the stage whose rows count")
    rows: int = Field(ge=1, description="exactly so many; for each partition, if there are any")
    grows: str | None = Field(None, description="the stage that is asked for more; else the nearest that can be")
    rounds: int = Field(10, ge=1, le=1000, description="most rounds")
    acceptance: float = Field(
        0.02, ge=0, le=1, description="stops where fewer of a round's new rows than this share are accepted"
    )


class GoalFault(ValueError):
    """Raised for a goal that its recipe cannot reach; `key` is the goal's own key."""

    def __init__(self, key: str, message: str) -> None:
        super().__init__(message)
        self.key = key


def find_growing_stage(goal: Goal, stages: Mapping[str, Stage]) -> str:
    """Return the stage that is asked for more; GoalFault says why there is none."""
    if goal.stage not in stages:
        raise GoalFault("stage", f'no stage is called "{goal.stage}", {suggestion(goal.stage, stages)}')
    before = with_upstream(stages, goal.stage)
    able = [name for name in before if stages[name].scaled(2) is not None]
    if goal.grows is None:
        if not able:
            raise GoalFault("stage", f'"{goal.stage}" reads no stage that can be asked for more')
        return able[-1]
    if goal.grows not in before:
        raise GoalFault("grows", f'"{goal.grows}" is no stage that "{goal.stage}" reads: {", ".join(before)}')
    if goal.grows not in able:
        raise GoalFault("grows", f'"{goal.grows}" cannot be asked for more; {_alternatives(able)}')
    return goal.grows


def contracts_with_goal(contracts: Mapping[str, Contract], goal: Goal) -> dict[str, Contract]:
    """Return the contracts, where the gate of the goal's stage has the number of rows to reach."""
    contract = contracts[goal.stage]
    return {**contracts, goal.stage: replace(contract, gate=replace(contract.gate, goal_rows=goal.rows))}


def _alternatives(able: list[str]) -> str:
    return f"those that can: {', '.join(able)}" if able else "none can: give a source `rows`, or ask for `questions`"
