"""What the UI tells about a materialization: numbers, rejects, a preview, examples and pictures."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import dagster as dg

from synth_assets.assets.examples import side_by_side
from synth_assets.assets.progress import cost
from synth_assets.assets.table_plots import lengths_of, picture_of
from synth_assets.assets.tables import column_schema, table_of
from synth_assets.core.contract import WHOLE, Contract, Values
from synth_assets.engine import Engine, StageResult
from synth_assets.engine.tables import REJECT_COUNTS, rejects_of

PREVIEW_ROWS = 5
REJECTS_SHOWN = 10
Metadata = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Made:
    """A committed table and what it was made from: `parent` is the table its rows are compared with.

    A view is not stored: its rows have no ids and no partitions.
    """

    result: StageResult
    contract: Contract
    asks: bool = False
    parent: str | None = None
    notice: str = ""
    stored: bool = True
    more: Mapping[str, Any] = field(default_factory=dict)


def metadata_of(engine: Engine, made: Made) -> Metadata:
    """Return all that is shown of one commit."""
    result, tally = made.result, made.result.tally
    reasons = reasons_of(engine, result) if tally.rejects else {}
    return {
        **_rows(engine, made),
        **({"teacher": dg.MetadataValue.md(f"**{made.notice}**")} if made.notice else {}),
        **(_spending(made) if made.asks else {}),
        **_rejects(engine, made, reasons),
        **_looks(engine, made, reasons),
        **({"export folder": dg.MetadataValue.path(str(result.folder))} if result.folder else {}),
        "rows in": tally.input_rows,
        "reused": result.reused,
        "made by run": result.run_id,
        "snapshot": result.snapshot,
        "fingerprint": result.fingerprint,
        "seconds": round(result.duration_s, 3),
        "dagster/column_schema": column_schema(made.contract, calls=made.asks, stored=made.stored),
        **made.more,
    }


def sample_of(engine: Engine, made: Made, rows: int = PREVIEW_ROWS) -> Sequence[Values]:
    """Return the first rows of the partition, as the lake gives them back."""
    result = made.result
    part = result.partition_key if made.stored else None
    for batch in engine.lake.scan(result.table, partition=part, at=result.snapshot, batch_rows=rows):
        return batch[:rows]
    return []


def _rows(engine: Engine, made: Made) -> Metadata:
    result = made.result
    fields: Metadata = {"dagster/table_name": result.table}
    if result.partition_key == WHOLE:
        return {"dagster/row_count": result.tally.rows, **fields}
    count = engine.lake.count(result.table, at=result.snapshot)
    return {"dagster/row_count": count, "dagster/partition_row_count": result.tally.rows, **fields}


def _spending(made: Made) -> Metadata:
    tally = made.result.tally
    return {
        "cost": cost(tally.cost_usd),
        **({"cost_usd": tally.cost_usd} if tally.cost_usd is not None else {}),
        "calls": tally.calls,
        "ledger hits": tally.hits,
        "prompt tokens": tally.prompt_tokens,
        "completion tokens": tally.completion_tokens,
    }


def reasons_of(engine: Engine, result: StageResult) -> Mapping[str, int]:
    """Rejects by reason, most first, of the run that committed them."""
    who = (result.run_id, *result.table.split("."), result.partition_key)
    rows = engine.lake.rows(
        f"SELECT reason, rejects FROM {REJECT_COUNTS} WHERE run_id = ? AND recipe = ? AND stage = ?"
        " AND partition_key = ? ORDER BY rejects DESC, reason",
        who,
    )
    return {str(row["reason"]): int(row["rejects"]) for row in rows}


def _rejects(engine: Engine, made: Made, reasons: Mapping[str, int]) -> Metadata:
    result = made.result
    fields: Metadata = {"rejects": result.tally.rejects}
    if not reasons:
        return fields
    shown = engine.lake.rows(
        f"SELECT reason, detail, reply, row FROM {rejects_of(result.table)} WHERE partition_key = ?"
        f" ORDER BY row_id LIMIT {REJECTS_SHOWN}",
        (result.partition_key,),
        at=result.snapshot,
    )
    counted = [{"reason": reason, "rejects": count} for reason, count in reasons.items()]
    if not any(row["reply"] for row in shown):
        shown = [{name: value for name, value in row.items() if name != "reply"} for row in shown]
    return {**fields, "rejects by reason": table_of(counted), "rejected rows": table_of(shown)}


def _looks(engine: Engine, made: Made, reasons: Mapping[str, int]) -> Metadata:
    sample = sample_of(engine, made)
    message: Metadata = {"preview": table_of([_own(row) for row in sample])} if sample else {}
    if sample and made.parent is not None:
        before = _parents(engine, made, sample)
        message["examples"] = dg.MetadataValue.md(side_by_side(before, sample, made.contract))
    lengths = lengths_of(engine.lake, made.result, made.contract, made.parent) if made.stored else {}
    picture = picture_of(lengths, reasons)
    return {**message, "picture": dg.MetadataValue.md(picture)} if picture else message


def _own(row: Values) -> Mapping[str, Any]:
    """Return the row without what only the lake needs; its id at the end, so that what it says is seen first."""
    hidden = {"row_id", "parent_ids", "call_keys"} | ({"partition_key"} if row.get("partition_key") == WHOLE else set())
    return {**{name: value for name, value in row.items() if name not in hidden}, "row_id": row.get("row_id")}


def _parents(engine: Engine, made: Made, rows: Sequence[Values]) -> dict[str, Values]:
    """Return the rows that those were made of, by id, as they were then."""
    ids = sorted(set(_parent_ids(rows)))
    sql = f"SELECT * FROM {made.parent} WHERE row_id IN (SELECT unnest(?::VARCHAR[]))"
    return {str(row["row_id"]): row for row in engine.lake.rows(sql, (ids,), at=made.result.snapshot)}


def _parent_ids(rows: Sequence[Values]) -> Iterator[str]:
    for row in rows:
        parents = row.get("parent_ids")
        yield from map(str, parents if isinstance(parents, list) else ())
