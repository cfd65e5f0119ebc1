"""The rows that `synth show` shows, and the rows they were made from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from synth_assets.lake import Lake

FETCHED = 20
PLUMBING = ("parent_ids", "call_keys")
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
    """Rows of a table. `originals` are the rows they were made from, by row id; `dialogs` names columns of dialogs."""

    table: str
    total: int
    rows: Sequence[Mapping[str, Any]]
    dialogs: tuple[str, ...]
    originals: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def original(self, row: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """The row that this one was made from."""
        return next((self.originals[each] for each in row.get("parent_ids") or () if each in self.originals), None)

    def differs(self) -> bool:
        """Whether the dialogs of any row are others than those of the row it was made from."""
        pairs = ((row, self.original(row)) for row in self.rows)
        return any(
            before is not None and name in before and before[name] != row[name]
            for row, before in pairs
            for name in self.dialogs
        )


def shown(lake: "Lake", view: View, *, with_originals: bool) -> Shown:
    """The first rows of a table."""
    most = view.rows or FETCHED
    batches = lake.scan(view.table, partition=view.partition, at=view.at, batch_rows=most)
    rows = next(iter(batches), [])[:most]
    dialogs = tuple(name for name, kind in lake.columns(view.table, view.at).items() if kind == DIALOG_TYPE)
    originals = _originals(lake, view, rows) if with_originals and dialogs else {}
    return Shown(view.table, lake.count(view.table, view.partition, view.at), rows, dialogs, originals)


def _originals(lake: "Lake", view: View, rows: Sequence[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """The parents of rows, as they were when the rows were made; as they are where that has expired."""
    from synth_assets.engine.commits import latest

    parents = [parent for row in rows for parent in row.get("parent_ids") or ()]
    kept = {snapshot.id for snapshot in lake.snapshots()} if parents else set()
    found: dict[str, Mapping[str, Any]] = {}
    for commit in latest(lake, view.table, view.at).values() if parents else ():
        for table, state in commit.inputs.items():
            at = int(state["snapshot"]) if int(state["snapshot"]) in kept else None
            sql = f"SELECT * FROM {table} WHERE row_id IN (SELECT unnest(?::VARCHAR[]))"
            found |= {row["row_id"]: row for row in lake.rows(sql, (parents,), at=at)}
    return found


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
    """The tables of a recipe, in the order in which they were last made."""
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
    there = set(lake.tables())
    states = (TableState(**row) for row in lake.rows(sql, (schema,)))
    return [state for state in states if state.table in there]
