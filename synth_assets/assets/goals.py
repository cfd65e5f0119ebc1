"""What the UI shows of a goal: its rounds, and why there was no further one."""

from typing import Any

from synth_assets.assets.progress import cost
from synth_assets.assets.tables import table_of
from synth_assets.engine import StageResult


def describe_rounds(result: StageResult) -> dict[str, Any]:
    """Return the rounds of the stage that grew for a goal; nothing for other stages."""
    rounds = result.rounds
    if rounds is None:
        return {}
    rows = [
        {
            "round": each.number,
            "asked for": f"{each.times:.1f} times",
            "rows made": each.made,
            "accepted": each.accepted,
            "calls": each.calls,
            "cost": cost(each.cost_usd),
        }
        for each in rounds.rounds
    ]
    state = "reached" if rounds.reached else f"not reached: {rounds.stopped}"
    return {"goal": f"{rounds.wanted:,} rows, {state}", "rounds": table_of(rows)}
