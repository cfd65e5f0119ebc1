"""The `goal:` of a recipe: exactly so many accepted rows, asked for in rounds until they are there."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from pydantic import BaseModel, Field

from synth_assets.core.contract import Contract
from synth_assets.core.stage import Stage
from synth_assets.core.teacher_spec import Strict
from synth_assets.recipes.graph import with_upstream
from synth_assets.recipes.problems import suggestion


class Goal(BaseModel):
    """What is wanted, and how far to go for it. What a run may spend is the budget's to say."""

    model_config = Strict

    stage: str = Field(description="the stage whose rows count")
    rows: int = Field(ge=1, description="exactly so many; for each partition, if there are any")
    grows: str | None = Field(None, description="the stage that is asked for more; else the nearest that can be")
    rounds: int = Field(10, ge=1, le=1000, description="most rounds")
    acceptance: float = Field(
        0.02, ge=0, le=1, description="stops where fewer of a round's new rows than this share are accepted"
    )


@dataclass(frozen=True, slots=True)
class GoalFault:
    """What is wrong with a goal, and at which key."""

    key: str
    message: str


def grower_of(goal: Goal, stages: Mapping[str, Stage]) -> str | GoalFault:
    """The stage that is asked for more, or why there is none."""
    if goal.stage not in stages:
        return GoalFault("stage", f'no stage is called "{goal.stage}", {suggestion(goal.stage, stages)}')
    before = with_upstream(stages, goal.stage)
    able = [name for name in before if stages[name].scaled(2) is not None]
    if goal.grows is None:
        return able[-1] if able else GoalFault("stage", f'"{goal.stage}" reads no stage that can be asked for more')
    if goal.grows not in before:
        return GoalFault("grows", f'"{goal.grows}" is no stage that "{goal.stage}" reads: {", ".join(before)}')
    if goal.grows not in able:
        return GoalFault("grows", f'"{goal.grows}" cannot be asked for more; {_told(able)}')
    return goal.grows


def with_goal(contracts: Mapping[str, Contract], goal: Goal) -> dict[str, Contract]:
    """The contracts, in which the goal's stage knows how many rows it is to have."""
    contract = contracts[goal.stage]
    return {**contracts, goal.stage: replace(contract, gate=replace(contract.gate, goal_rows=goal.rows))}


def _told(able: list[str]) -> str:
    return f"those that can: {', '.join(able)}" if able else "none can: give a source `rows`, or ask for `questions`"
