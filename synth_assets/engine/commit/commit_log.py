"""Stages the rows of ops.commits and ops.reject_counts that are committed together with a table."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from synth_assets.core.canonical import Json, canonical_json
from synth_assets.engine import tables
from synth_assets.engine.commit.commits import InputState
from synth_assets.engine.job import TableTask, Tally
from synth_assets.lake import Lake, Writer

_COUNTED = ("input_rows", "rows", "rejects", "failures", "calls", "hits", "prompt_tokens", "completion_tokens")


@dataclass(frozen=True, slots=True)
class CommitEntry:
    """The facts of one commit."""

    serial: int
    fingerprint: str
    data_hash: str
    inputs: Mapping[str, InputState]
    tally: Tally
    duration_s: float
    folder: Path | None


def stage_log_rows(lake: Lake, work: TableTask, entry: CommitEntry) -> Iterator[Writer]:
    """Yield the rows of an entry, staged."""
    who = {"run_id": work.run_id, "recipe": work.schema, "stage": work.name}
    reasons = sorted(entry.tally.reasons.items())
    staged: dict[str, list[dict[str, Any]]] = {
        tables.COMMITS: [{**who, **_commit(work, entry)}],
        tables.REJECT_COUNTS: [{**who, "reason": reason, "rejects": count} for reason, count in reasons],
    }
    for table, rows in staged.items():
        if rows:
            writer = lake.stage(table, tables.ENGINE_TABLES[table], work.partition_key, ids=False)
            writer.write(rows)
            yield writer


def _commit(work: TableTask, entry: CommitEntry) -> dict[str, Any]:
    states: dict[str, Json] = {
        table: {"snapshot": state.snapshot, "data": state.data} for table, state in entry.inputs.items()
    }
    return {
        "serial": entry.serial,
        "kind": work.kind,
        "fingerprint": entry.fingerprint,
        "data_hash": entry.data_hash,
        "inputs": canonical_json(states),
        **{name: getattr(entry.tally, name) for name in _COUNTED},
        "cost_usd": entry.tally.cost_usd,
        "duration_s": entry.duration_s,
        "committed_at": datetime.now(UTC),
        "folder": str(entry.folder) if entry.folder else None,
    }
