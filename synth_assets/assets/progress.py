"""Reports the progress of a long stage while it runs."""

import time

import dagster as dg

from synth_assets.engine import Job, Tally

EVERY_S = 10.0


class Progress:
    """Logs how far a stage is, now and then."""

    def __init__(self, log: dg.DagsterLogManager, every_s: float = EVERY_S) -> None:
        self._log, self._every_s = log, every_s
        self._last = self._started = time.monotonic()

    def __call__(self, job: Job, tally: Tally) -> None:
        now = time.monotonic()
        if now - self._last >= self._every_s:
            self._last = now
            part = f" (round {job.round})" if job.round else ""
            self._log.info(f"{job.table}{part}: {describe_progress(tally)}, after {now - self._started:.0f} s")


def describe_progress(tally: Tally) -> str:
    """Return a tally in words."""
    of_total = f" of {tally.input_total:,}" if tally.input_total else ""
    words = [f"{tally.input_rows:,}{of_total} rows read", f"{tally.rows:,} made", f"{tally.rejects:,} rejects"]
    if tally.calls or tally.hits:
        words += [f"{tally.calls:,} calls", f"{tally.hits:,} answers from the ledger", cost(tally.cost_usd)]
    return ", ".join(words)


def cost(usd: float | None) -> str:
    """Return a cost in words; one that is not known is never zero."""
    return "cost unknown" if usd is None else f"${usd:,.4f}" if usd else "$0"
