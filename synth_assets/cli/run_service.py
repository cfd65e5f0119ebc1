"""A run as scripts read it: JSON of what is committed and what was bought."""

from dataclasses import asdict
from typing import TYPE_CHECKING

from synth_assets.core.canonical import Json

if TYPE_CHECKING:
    from synth_assets.engine import RecipeRun, Rounds, StageResult

_TALLIED = ("input_rows", "rows", "rejects", "failures")
_SPENT = ("calls", "hits", "prompt_tokens", "completion_tokens", "cost_usd")


def run_json(run: "RecipeRun") -> dict[str, Json]:
    """Return a run for a script."""
    return {
        "run_id": run.run_id,
        "recipe": run.recipe.name,
        "results": [result_json(result) for result in run.results],
        "models": [result_json(result) for result in run.models],
        "bought": dict(run.bought()),
        "notices": list(run.notices()),
    }


def result_json(result: "StageResult") -> dict[str, Json]:
    """Return a result for a script. What was spent is what this run spent: a table that was reused cost nothing."""
    tally = result.tally
    spent = {name: 0 if result.reused else getattr(tally, name) for name in _SPENT}
    return {
        "table": result.table,
        "partition_key": result.partition_key,
        "reused": result.reused,
        **{name: getattr(tally, name) for name in _TALLIED},
        "reasons": dict(tally.reasons),
        **spent,
        "duration_s": round(result.duration_s, 3),
        "snapshot": result.snapshot,
        "run_id": result.run_id,
        "fingerprint": result.fingerprint,
        "folder": str(result.folder) if result.folder else None,
        "rounds": None if result.rounds is None else _rounds_json(result.rounds),
        "warnings": [verdict.description for verdict in result.verdicts if not verdict.passed],
    }


def _rounds_json(rounds: "Rounds") -> Json:
    each: list[Json] = [asdict(one) for one in rounds.rounds]
    return {"wanted": rounds.wanted, "reached": rounds.reached, "stopped": rounds.stopped, "rounds": each}
