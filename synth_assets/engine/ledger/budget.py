"""The budget of a run, shared by its stages: where one is set they take turns, also in processes of their own."""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from synth_assets.core.file_lock import hold_lock, try_lock
from synth_assets.engine.job import Job
from synth_assets.engine.ledger.session import run_spending
from synth_assets.lake import Lake
from synth_assets.settings import Settings
from synth_assets.teacher import Budget

_log = logging.getLogger(__name__)


@contextmanager
def hold_budget(settings: Settings, job: Job) -> Iterator[None]:
    """Hold the run's budget: two stages that spend at once could each take all that is left."""
    if not job.recipe.budget:
        yield
        return
    settings.budgets.mkdir(parents=True, exist_ok=True)
    path = settings.budgets / job.run_id
    _tell_if_taken(path, job)
    while True:
        with hold_lock(path) as file:
            if _is_there(path, file):
                try:
                    yield
                finally:
                    path.unlink(missing_ok=True)
                return


def _tell_if_taken(path: Path, job: Job) -> None:
    file = try_lock(path)
    if file is None:
        _log.info("%s waits for another stage of its run: they share a budget", job.table)
    else:
        os.close(file)


def _is_there(path: Path, file: int) -> bool:
    """Whether the file that is locked is still the one of that name, and not one that its last holder removed."""
    try:
        return os.path.samestat(path.stat(), os.fstat(file))
    except FileNotFoundError:
        return False


def remaining_budget(lake: Lake, job: Job) -> Budget:
    """Return what a run may still spend: its recipe's budget less what its stages have bought so far."""
    budget, used = job.recipe.budget, run_spending(lake, job.run_id)
    return Budget(
        usd=None if budget.usd is None else budget.usd - used["usd"],
        calls=None if budget.calls is None else budget.calls - int(used["calls"]),
        tokens=None if budget.tokens is None else budget.tokens - int(used["tokens"]),
    )
