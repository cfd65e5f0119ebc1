"""Reads what has been committed: the latest state of each stage and partition."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from synth_assets.core.canonical import content_hash
from synth_assets.engine.job import Job, StageResult, TableTask, Tally
from synth_assets.engine.tables import COMMITS
from synth_assets.lake import Reader, as_of, quoted_text


@dataclass(frozen=True, slots=True)
class CommitRecord:
    """A row of ops.commits."""

    serial: int
    run_id: str
    fingerprint: str
    data_hash: str
    inputs: Mapping[str, Mapping[str, Any]]
    tally: Tally
    committed_at: datetime
    folder: str | None

    def made_from(self, inputs: "Mapping[str, InputState]") -> bool:
        """Return whether it read the same rows."""
        before = {table: state["data"] for table, state in self.inputs.items()}
        return before == {table: state.data for table, state in inputs.items()}


@dataclass(frozen=True, slots=True)
class InputState:
    """A table as a job reads it: at which snapshot, and a hash of its rows."""

    snapshot: int
    data: str


def latest_commits(lake: Reader, table: str, at: int | None = None) -> dict[str, CommitRecord]:
    """Return the latest commit of each partition of a table."""
    schema, name = map(quoted_text, table.split("."))
    rows = lake.rows(
        "SELECT unnest(max_by(c, serial)) FROM"
        f" (FROM {COMMITS}{as_of(at)} WHERE recipe = {schema} AND stage = {name}) AS c GROUP BY partition_key"
    )
    return {row["partition_key"]: _committed(row) for row in rows}


def by_run(lake: Reader, run_id: str) -> list[dict[str, Any]]:
    """Return the commits of one run, oldest first."""
    return lake.rows(f"SELECT * FROM {COMMITS} WHERE run_id = {quoted_text(run_id)} ORDER BY committed_at")


def decode_inputs(commit: Mapping[str, Any]) -> dict[str, int]:
    """Return the tables that a commit read, and at which snapshot."""
    states = json.loads(commit["inputs"]) if commit else {}
    return {table: int(state["snapshot"]) for table, state in states.items()}


def _committed(row: Mapping[str, Any]) -> CommitRecord:
    tally = Tally(
        **{name: row[name] for name in ("input_rows", "rows", "rejects", "failures", "calls", "hits")},
        **{name: row[name] for name in ("prompt_tokens", "completion_tokens", "cost_usd")},
    )
    return CommitRecord(
        serial=row["serial"],
        run_id=row["run_id"],
        fingerprint=row["fingerprint"],
        data_hash=row["data_hash"],
        inputs=json.loads(row["inputs"]),
        tally=tally,
        committed_at=row["committed_at"],
        folder=row["folder"],
    )


def reused_result(work: TableTask, commit: CommitRecord, snapshot: int, started: float) -> StageResult:
    """Return the result of a run that found its work done: every answer came from the ledger, none was bought."""
    tally = commit.tally
    hits = tally.calls + tally.hits
    return StageResult(
        table=work.table,
        partition_key=work.partition_key,
        run_id=commit.run_id,
        snapshot=snapshot,
        fingerprint=commit.fingerprint,
        reused=True,
        tally=replace(tally, calls=0, hits=hits, prompt_tokens=0, completion_tokens=0, cost_usd=0.0),
        duration_s=time.monotonic() - started,
        folder=Path(commit.folder) if commit.folder else None,
    )


def input_states(lake: Reader, job: Job, at: int) -> dict[str, InputState]:
    """Return what a job reads, as it stands at a snapshot."""
    states = {}
    for name in job.recipe.stages[job.stage].inputs():
        table = job.source_of(name)
        commits = latest_commits(lake, table, at)
        part = input_partition(job, name)
        hashes = {key: commit.data_hash for key, commit in commits.items() if part in (None, key)}
        states[table] = InputState(at, content_hash("input/1", hashes))
    return states


def input_partition(job: Job, name: str) -> str | None:
    """Return the partition of an input that a job reads; None reads them all."""
    recipe = job.recipe
    both = name in recipe.stages and recipe.is_partitioned(name) and recipe.is_partitioned(job.stage)
    return job.partition.key if both else None
