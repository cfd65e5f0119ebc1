"""Runs stages: the ledger, the checks, the commits; plans and traces them."""

from synth_assets.engine.check import GateClosed, Verdict
from synth_assets.engine.identity import fingerprint_of, teacher_of
from synth_assets.engine.job import Job, OnProgress, Rounds, StageResult, Tally
from synth_assets.engine.plan import PlanLine, plan
from synth_assets.engine.trace import Link, trace
from synth_assets.engine.whole import Engine, Wish, jobs_of, new_run_id

__all__ = [
    "Engine",
    "GateClosed",
    "Job",
    "Link",
    "OnProgress",
    "PlanLine",
    "Rounds",
    "StageResult",
    "Tally",
    "Verdict",
    "Wish",
    "fingerprint_of",
    "jobs_of",
    "new_run_id",
    "plan",
    "teacher_of",
    "trace",
]
