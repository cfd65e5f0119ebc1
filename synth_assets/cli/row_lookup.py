"""The rows that `synth show` shows, and the rows they were made from."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from synth_assets.lake import Lake

FETCHED = 20
PLUMBING = ("parent_ids", "call_keys")
Row = Mapping[str, Any]
Place = tuple[str, int | None]
DIALOG_TYPE = 'STRUCT("role" VARCHAR, "content" VARCHAR)[]'


@dataclass(frozen=True, slots=True)
class View:
    """Which rows of a table: how many, of which partition, and as of which snapshot."""

    table: str
    rows: int | None = None
    partition: str | None = None
    at: int | None = None


@dataclass(frozen=True, slots=True)
class Shown:
    """Rows of a table. `dialogs` names its columns of dialogs; `originals` holds, by row id, what a row was before."""

    table: str
    total: int
    rows: Sequence[Row]
    dialogs: tuple[str, ...]
    originals: Mapping[str, Row] = field(default_factory=dict)


def shown(lake: "Lake", view: View, *, with_originals: bool) -> Shown:
    """Return the first rows of a table."""
    most = view.rows or FETCHED
    batches = lake.scan(view.table, partition=view.partition, at=view.at, batch_rows=most)
    rows = next(iter(batches), [])[:most]
    dialogs = tuple(name for name, kind in lake.columns(view.table, view.at).items() if kind == DIALOG_TYPE)
    originals = _originals(lake, view, rows, dialogs) if with_originals and dialogs else {}
    return Shown(view.table, lake.count(view.table, view.partition, view.at), rows, dialogs, originals)


def _originals(lake: "Lake", view: View, rows: Sequence[Row], dialogs: Sequence[str]) -> dict[str, Row]:
    """For each row the nearest it was made from, at the first step back where a dialog was another."""
    indexes: set[Place] = {(view.table, view.at)}
    before = {row["row_id"]: row for row in rows if row.get("parent_ids")}
    while before:
        parents, indexes = _parents(lake, indexes, before.values())
        before = {
            child: parents[parent]
            for child, row in before.items()
            for parent in row.get("parent_ids") or ()
            if parent in parents
        }
        if any(_differs(before.get(row["row_id"]), row, dialogs) for row in rows):
            return before
    return {}


def _differs(before: Row | None, after: Row, dialogs: Sequence[str]) -> bool:
    return before is not None and any(name in before and before[name] != after[name] for name in dialogs)


def _parents(lake: "Lake", indexes: set[Place], rows: Iterable[Row]) -> tuple[dict[str, Row], set[Place]]:
    """The parents of rows as they were when the rows were made (as they are where that has expired), and where."""
    from synth_assets.engine.commit.commits import latest_commits

    wanted = [parent for row in rows for parent in row.get("parent_ids") or ()]
    kept = {snapshot.id for snapshot in lake.snapshots()}
    found: dict[str, Row] = {}
    where: set[Place] = set()
    for table, at in indexes:
        for commit in latest_commits(lake, table, at).values():
            for read, state in commit.inputs.items():
                then = int(state["snapshot"]) if int(state["snapshot"]) in kept else None
                sql = f"SELECT * FROM {read} WHERE row_id IN (SELECT unnest(?::VARCHAR[]))"
                found |= {row["row_id"]: row for row in lake.rows(sql, (wanted,), at=then)}
                where.add((read, then))
    return found, where


@dataclass(frozen=True, slots=True)
class TableState:
    """A table of a recipe as it was last committed, all its partitions together."""

    table: str
    kind: str
    partitions: int
    rows: int
    rejects: int
    cost_usd: float | None
    committed_at: datetime
    folder: str | None


def tables_of(lake: "Lake", schema: str) -> list[TableState]:
    """Return the tables of a recipe, in the order in which they were last made."""
    if not lake.has("ops.commits"):
        return []
    sql = """
        WITH newest AS (
            SELECT * FROM ops.commits WHERE recipe = ?
            QUALIFY row_number() OVER (PARTITION BY stage, partition_key ORDER BY serial DESC) = 1
        )
        SELECT recipe || '.' || stage AS "table", any_value(kind) AS kind, count(*) AS partitions,
               sum(rows)::BIGINT AS rows, sum(rejects)::BIGINT AS rejects,
               CASE WHEN count(*) = count(cost_usd) THEN sum(cost_usd) END AS cost_usd,
               max(committed_at) AS committed_at, arg_max(folder, committed_at) AS folder
        FROM newest GROUP BY recipe, stage ORDER BY max(committed_at)
    """
    existing = set(lake.tables())
    states = (TableState(**row) for row in lake.rows(sql, (schema,)))
    return [state for state in states if state.table in existing]
