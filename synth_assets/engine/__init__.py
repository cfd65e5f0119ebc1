"""Runs stages: the ledger, the checks, the commits; plans and traces them."""

from synth_assets.engine.checks.table_check import CheckResult, GateClosed
from synth_assets.engine.commit.fingerprint import fingerprint_of, teacher_of
from synth_assets.engine.engine import Engine
from synth_assets.engine.job import Job, OnProgress, Rounds, StageResult, Tally
from synth_assets.engine.plan import PlanLine, plan
from synth_assets.engine.recipe_run import RecipeRun, RunObserver
from synth_assets.engine.selection import RunSelection, jobs_of, new_run_id
from synth_assets.engine.trace import TraceNode, trace

__all__ = [
    "CheckResult",
    "Engine",
    "GateClosed",
    "Job",
    "OnProgress",
    "PlanLine",
    "RecipeRun",
    "Rounds",
    "RunObserver",
    "RunSelection",
    "StageResult",
    "Tally",
    "TraceNode",
    "fingerprint_of",
    "jobs_of",
    "new_run_id",
    "plan",
    "teacher_of",
    "trace",
]
