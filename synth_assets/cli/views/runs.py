"""What came of a run: a line for each table, why rows were rejected, where files are, and what to do next."""

from typing import TYPE_CHECKING

from synth_assets.cli.views.grids import grid
from synth_assets.cli.views.terminal import done, err, hint, warned
from synth_assets.cli.views.words import count, money, safe, seconds, some
from synth_assets.core.contract import WHOLE

if TYPE_CHECKING:
    from rich.console import Console

    from synth_assets.engine import RecipeRun, Rounds, StageResult

NUMBERS = ("rows", "rejects", "calls", "from ledger", "tokens", "cost", "time", "snapshot")


def print_summary(console: "Console", run: "RecipeRun") -> None:
    """Print all that was committed."""
    if not run.results:
        return
    console.print()
    divided = any(result.partition_key != WHOLE for result in run.results)
    table = grid(("table", "partition") if divided else ("table",), NUMBERS)
    for result in run.results:
        texts = [result.table, result.partition_key] if divided else [result.table]
        table.add_row(*texts, *_numbers(result, run.run_id), style="dim" if result.reused else "")
    console.print(table)
    for result in run.results:
        _print_remarks(console, result)
        if result.rounds is not None and run.recipe.goal is not None:
            _print_rounds(console, result.rounds, f"{run.recipe.name}.{run.recipe.goal.stage}")
    if run.models:
        console.print(f"  and the SQL models: {', '.join(result.table for result in run.models)}", markup=False)
    if len(run.results) == len(run.jobs):
        _print_next(console, run)


def _numbers(result: "StageResult", run_id: str) -> tuple[str, ...]:
    tally = result.tally
    rows = (count(tally.rows), count(tally.rejects) if tally.rejects else "")
    if result.reused:
        when = "in the rounds" if result.run_id == run_id else "as it was"
        return (*rows, "", "", "", "", when, str(result.snapshot))
    asked = bool(tally.calls or tally.hits)
    return (
        *rows,
        count(tally.calls) if asked else "",
        count(tally.hits) if asked else "",
        count(tally.prompt_tokens + tally.completion_tokens) if asked else "",
        money(tally.cost_usd) if asked else "",
        seconds(result.duration_s),
        str(result.snapshot),
    )


def _print_remarks(console: "Console", result: "StageResult") -> None:
    for verdict in result.verdicts:
        if not verdict.passed:
            warned(console, f"{result.table}: {verdict.description}")
    for reason, number in sorted(result.tally.reasons.items(), key=lambda item: -item[1]):
        console.print(f"  {count(number):>6} rejected from {result.table}: {safe(reason)}", markup=False)


def _print_rounds(console: "Console", rounds: "Rounds", goal: str) -> None:
    """Print what each round of a goal asked for and brought, and why there was no further one."""
    table = grid(("round",), ("asked for", "rows made", "accepted", "calls", "cost"))
    for each in rounds.rounds:
        numbers = (count(each.made), count(each.accepted), count(each.calls), money(each.cost_usd))
        table.add_row(f"{each.number}", f"{each.times:.1f} times", *numbers)
    console.print(table)
    message = f"the goal of {some(rounds.wanted, 'row')} of {goal}"
    if rounds.reached:
        done(console, f"{message} is reached")
    else:
        warned(console, f"{message} is not reached: {rounds.stopped}")


def _print_next(console: "Console", run: "RecipeRun") -> None:
    """Print the way on: to the rows that a teacher made, to rejects, and to the files."""
    from synth_assets.engine.export_folders import CURRENT

    hint(console, f"synth show {run.jobs[-1].schema if run.selection.stage is None else run.jobs[-1].table}")
    rejecting = dict.fromkeys(result.table for result in run.results if result.tally.rejects)
    for table in rejecting:
        hint(console, f"synth show {table} --rejects")
    for result in run.results:
        if result.folder is not None:
            current = result.folder.parent / CURRENT
            hint(console, f"the files of {result.table} are in {current}")
            for file in sorted(current.glob("*.jsonl"))[:1]:
                hint(console, f"synth trace {file}:1")


def print_kept(run: "RecipeRun", *, interrupted: bool) -> None:
    """After a stop: what of it is not lost."""
    console, bought = err(), run.bought()
    if interrupted:
        warned(console, "stopped")
    tables = f"{len(run.results)} of {some(len(run.jobs), 'table')} committed"
    calls = int(bought["calls"])
    ledger = f", {some(calls, 'reply', 'replies')} of this run in the ledger ({money(bought['usd'])})" if calls else ""
    console.print(f"  kept: {tables}{ledger}", markup=False)
    if interrupted:
        hint(console, "the same command goes on from there, and buys nothing twice")
