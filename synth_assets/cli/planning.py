"""A plan with its totals, and what the recipe's budget says to them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from synth_assets.core.canonical import Json

if TYPE_CHECKING:
    from synth_assets.engine import Engine, RunSelection
    from synth_assets.engine.plan import PlanLine
    from synth_assets.recipes import BudgetSpec, Recipe


@dataclass(frozen=True, slots=True)
class Total:
    """What a whole plan would take; a cost of None means that a price is not known."""

    calls: int
    hits: int
    tokens: int
    cost_usd: float | None
    duration_s: float


@dataclass(frozen=True, slots=True)
class Planned:
    """What a run of a recipe would do."""

    recipe: str
    lines: "Sequence[PlanLine]"
    total: Total
    budget: "BudgetSpec"

    def over_budget(self) -> tuple[str, ...]:
        """Return which limits of the budget the run would reach, and then stop at."""
        pairs = (
            ("usd", self.budget.usd, self.total.cost_usd),
            ("calls", self.budget.calls, self.total.calls),
            ("tokens", self.budget.tokens, self.total.tokens),
        )
        return tuple(name for name, most, wanted in pairs if most is not None and wanted is not None and wanted > most)

    def to_json(self) -> dict[str, Json]:
        """Return the plan for a script."""
        from synth_assets.cli.views.terminal import json_ready

        return {
            "recipe": self.recipe,
            "lines": [_flat(json_ready(line)) for line in self.lines],
            "total": json_ready(self.total),
            "budget": json_ready(self.budget),
            "over_budget": list(self.over_budget()),
        }


def plan_of(engine: "Engine", recipe: "Recipe", selection: "RunSelection") -> Planned:
    """Return what a run would do, before anything is spent."""
    from synth_assets.engine.plan import plan

    lines = plan(engine, recipe, selection)
    return Planned(recipe.name, lines, _total(lines), recipe.budget)


def _flat(line: dict[str, Json]) -> dict[str, Json]:
    """Return a line with the estimate among its own keys."""
    estimate = cast(dict[str, Json], line.pop("estimate"))
    return {**line, **estimate}


def _total(lines: "Sequence[PlanLine]") -> Total:
    estimates = [line.estimate for line in lines]
    known = [each.cost_usd for each in estimates if each.cost_usd is not None]
    return Total(
        calls=sum(line.calls + line.calls_estimated for line in lines),
        hits=sum(line.hits for line in lines),
        tokens=sum(each.prompt_tokens + each.completion_tokens for each in estimates),
        cost_usd=sum(known) if len(known) == len(estimates) else None,
        duration_s=sum(each.duration_s for each in estimates),
    )
