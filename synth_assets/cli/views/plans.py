"""What a run would do: a line for each table, the total, and the budget."""

from typing import TYPE_CHECKING

from synth_assets.cli.views.grids import grid
from synth_assets.cli.views.terminal import hint, warned
from synth_assets.cli.views.words import count, money, seconds, some
from synth_assets.core.contract import WHOLE

if TYPE_CHECKING:
    from rich.console import Console

    from synth_assets.cli.planning import Planned, Total
    from synth_assets.engine.plan import PlanLine

NUMBERS = ("rows in", "rows", "rejects", "calls", "from ledger", "tokens", "cost", "time")
_STATES = {"new": "to be made", "changed": "to be made anew", "current": "as it should be"}


def print_plan(console: "Console", planned: "Planned") -> None:
    """Print the whole plan."""
    divided = any(line.partition_key != WHOLE for line in planned.lines)
    texts = (planned.recipe, "partition", "state") if divided else (planned.recipe, "state")
    table = grid(texts, NUMBERS, footer=True)
    for line in planned.lines:
        stage = line.table.partition(".")[2]
        names = [stage, line.partition_key] if divided else [stage]
        style = "dim" if line.state == "current" else ""
        table.add_row(*names, _STATES.get(line.state, line.state), *_numbers(line), style=style)
    for column, text in zip(table.columns[-5:], _total(planned.total), strict=True):
        column.footer = text
    table.columns[0].footer = "total"
    console.print(table)
    bases = (part for line in planned.lines for part in line.estimate.basis.split("; ") if part)
    if basis := "; ".join(dict.fromkeys(bases)):
        console.print(f"  {basis}", style="dim", markup=False)
    for goal in (line.goal for line in planned.lines if line.goal):
        console.print(f"  {goal}", markup=False)
    for notice in dict.fromkeys(line.notice for line in planned.lines if line.notice):
        warned(console, notice)
    _print_budget(console, planned)


def _numbers(line: "PlanLine") -> tuple[str, ...]:
    calls, estimate = line.calls + line.calls_estimated, line.estimate
    rows = count(line.rows + line.unknown_rows)
    asked = bool(calls or line.hits)
    return (
        count(line.input_rows),
        f"≤ {rows}" if line.unknown_rows else rows,
        count(line.rejects) if line.rejects else "",
        (f"≈ {count(calls)}" if line.calls_estimated else count(calls)) if asked else "",
        count(line.hits) if asked else "",
        f"≈ {count(estimate.prompt_tokens + estimate.completion_tokens)}" if calls else "",
        money(estimate.cost_usd) if calls else "",
        f"≈ {seconds(estimate.duration_s)}" if calls else "",
    )


def _total(total: "Total") -> tuple[str, ...]:
    return (
        count(total.calls),
        count(total.hits),
        count(total.tokens),
        money(total.cost_usd),
        seconds(total.duration_s),
    )


def _print_budget(console: "Console", planned: "Planned") -> None:
    budget, over = planned.budget, planned.over_budget()
    limits = [
        money(budget.usd) if budget.usd is not None else "",
        some(budget.calls, "call") if budget.calls is not None else "",
        some(budget.tokens, "token") if budget.tokens is not None else "",
    ]
    text = ", ".join(limit for limit in limits if limit)
    if over:
        warned(console, f"the budget of a run is {text}: it would stop there, and go on when it is run again")
    elif planned.total.cost_usd is None and budget.usd is not None:
        warned(console, f"the budget of a run is {text}, but the price of a model is unknown (prices.yaml)")
    elif text and planned.total.cost_usd != 0:
        hint(console, f"within the budget of a run: {text}")
