"""Moves purchases from a journal into the ledger's table: each once, and each key with one answer."""

import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from synth_assets.core.errors import ConflictError
from synth_assets.engine.ledger import journal
from synth_assets.engine.ledger.call_record import CALLS, CALLS_CONTRACT, Record
from synth_assets.lake import Append, CommitInfo, Lake, Reader, quoted_texts


def recover_journal(lake: Lake, folder: Path) -> int:
    """Moves into the lake what processes that died had bought; how many replies that was."""
    used = 0
    for path, segment in journal.orphaned_segments(folder):
        records = journal.read_segment(path)
        known = _known(lake, records)
        fresh = [record for record in records if _identity(record) not in known]
        if fresh:
            append_calls(lake, fresh)
        journal.drop_segment(path, segment)
        used += len(fresh)
    return used


def _identity(record: Record) -> tuple[object, ...]:
    """Return what tells one purchase from another of the same key."""
    return record["call_key"], record["run_id"], round(_epoch(record["asked_at"]), 3)


def _epoch(moment: object) -> float:
    return datetime.fromisoformat(str(moment)).timestamp()


def _known(lake: Reader, records: list[Record]) -> set[tuple[object, ...]]:
    """Return the purchases that a process had moved into the lake before it could drop their segment."""
    keys = quoted_texts([str(record["call_key"]) for record in records])
    sql = f"SELECT call_key, run_id, epoch(asked_at) AS asked_at FROM {CALLS} WHERE call_key IN (SELECT unnest({keys}))"
    return {(row["call_key"], row["run_id"], round(float(row["asked_at"]), 3)) for row in lake.rows(sql)}


def append_calls(lake: Lake, records: list[Record]) -> None:
    """Adds purchases to the ledger. A key that is there already is a spare, also when two runs race to add it."""
    first = records[0]
    about = CommitInfo(
        run_id=str(first["run_id"]),
        recipe="ops",
        stage="calls",
        partition_key=str(first["partition_key"]),
        message=f"replies of {first['recipe']}",
    )
    keys = [str(record["call_key"]) for record in records]
    while True:
        at = lake.snapshot()
        if _append_unless_raced(lake, records, about, _Bought(at, _bought(lake, keys))):
            return
        time.sleep(0.01)


@dataclass(frozen=True, slots=True)
class _Bought:
    """Which of some keys are in the ledger, as it was read after a snapshot."""

    after: int
    keys: set[str]


def _append_unless_raced(lake: Lake, records: list[Record], about: CommitInfo, bought: _Bought) -> bool:
    rows, seen = [], set(bought.keys)
    for record in records:
        rows.append({**record, "spare": record["call_key"] in seen})
        seen.add(str(record["call_key"]))
    keys = [str(record["call_key"]) for record in records]
    with lake.stage(CALLS, CALLS_CONTRACT, about.partition_key, ids=False) as writer:
        writer.write(rows)
        try:
            lake.commit([Append(writer)], about, guard=lambda reader: _raise_if_more(reader, keys, bought))
        except ConflictError:
            writer.discard()
            return False
    return True


def _bought(reader: Reader, keys: list[str]) -> set[str]:
    sql = f"SELECT call_key FROM {CALLS} WHERE NOT spare AND call_key IN (SELECT unnest({quoted_texts(keys)}))"
    return {row["call_key"] for row in reader.rows(sql)}


def _raise_if_more(reader: Reader, keys: list[str], bought: _Bought) -> None:
    if reader.snapshot() != bought.after and _bought(reader, keys) != bought.keys:
        raise ConflictError("another run bought the same answers meanwhile")
