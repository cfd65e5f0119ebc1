"""Traces a row from a line of a training file back to the source, replies and runs included."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from synth_assets.core.errors import SynthError
from synth_assets.engine.commit import commits
from synth_assets.engine.tables import CALLS, COMMITS
from synth_assets.exports.training_files import line_hash
from synth_assets.lake import Lake


@dataclass(frozen=True, slots=True)
class TraceNode:
    """One row of the chain: the calls that made it, the commit it came with, and its parents."""

    table: str
    row_id: str
    values: Mapping[str, Any]
    commit: Mapping[str, Any]
    calls: tuple[Mapping[str, Any], ...]
    parents: tuple["TraceNode", ...]

    def walk(self) -> Iterator["TraceNode"]:
        """Yield this row and all before it."""
        yield self
        for parent in self.parents:
            yield from parent.walk()


@dataclass(frozen=True, slots=True)
class RowLocation:
    """A row of a table, at the snapshot where it can be read."""

    table: str
    row_id: str
    at: int | None


def trace(lake: Lake, what: str) -> TraceNode:
    """Return the chain of `ROW_ID` or `FILE:LINE`."""
    path, _, number = what.rpartition(":")
    location = _place_of_line(lake, Path(path), int(number)) if path and number.isdigit() else _place_of_row(lake, what)
    return _link(lake, location)


def _place_of_line(lake: Lake, path: Path, number: int) -> RowLocation:
    """Find a line by its content, so that a copied or renamed file can still be traced."""
    digest = line_hash(_line(path, number))
    for table in _tables_with(lake, "line_hash"):
        found = lake.rows(f"SELECT row_id FROM {table} WHERE line_hash = ? LIMIT 1", (digest,))
        if found:
            return RowLocation(table, found[0]["row_id"], None)
    for export in lake.rows(
        f"SELECT run_id, recipe, stage FROM {COMMITS} WHERE folder IS NOT NULL ORDER BY serial DESC"
    ):
        for snapshot in lake.commits_of(export["run_id"]):
            table = f"{export['recipe']}.{export['stage']}"
            if not lake.has(table, snapshot.id) or "line_hash" not in lake.columns(table, snapshot.id):
                continue
            found = lake.rows(f"SELECT row_id FROM {table} WHERE line_hash = ? LIMIT 1", (digest,), at=snapshot.id)
            if found:
                return RowLocation(table, found[0]["row_id"], snapshot.id)
    raise SynthError(
        "no export of this lake wrote that line",
        where=f"{path}:{number}",
        remedy="was the file edited, or made with another SYNTH_HOME? `synth doctor` tells which is in use",
    )


def _line(path: Path, number: int) -> bytes:
    try:
        with path.open("rb") as file:
            for index, line in enumerate(file, start=1):
                if index == number:
                    return line.rstrip(b"\r\n")
    except OSError as error:
        raise SynthError(f"it cannot be read: {error.strerror}", where=str(path)) from error
    raise SynthError(f"it has no line {number}", where=str(path), remedy="lines count from 1")


def _place_of_row(lake: Lake, row_id: str) -> RowLocation:
    for table in _tables_with(lake, "row_id"):
        if lake.rows(f"SELECT 1 AS one FROM {table} WHERE row_id = ? LIMIT 1", (row_id,)):
            return RowLocation(table, row_id, None)
    raise SynthError(
        f"no table holds a row {row_id!r}",
        remedy="give a row_id, as `synth show` or SQL print it, or FILE:LINE of an export",
    )


def _tables_with(lake: Lake, column: str) -> list[str]:
    return [table for table in lake.tables() if not table.startswith("ops.") and column in lake.columns(table)]


def _link(lake: Lake, location: RowLocation) -> TraceNode:
    rows = lake.rows(f"SELECT * FROM {location.table} WHERE row_id = ? LIMIT 1", (location.row_id,), at=location.at)
    row = rows[0]
    commit = _commit_of(lake, location, str(row["partition_key"]))
    inputs = commits.decode_inputs(commit)
    return TraceNode(
        table=location.table,
        row_id=location.row_id,
        values={name: value for name, value in row.items() if name not in ("parent_ids", "call_keys")},
        commit=commit,
        calls=tuple(_calls(lake, list(row.get("call_keys") or ()))),
        parents=tuple(_link(lake, _parent(lake, inputs, parent)) for parent in row.get("parent_ids") or ()),
    )


def _parent(lake: Lake, inputs: Mapping[str, int], row_id: str) -> RowLocation:
    """Return a parent as it was when its child was made: the table may have been replaced since."""
    for table, snapshot in inputs.items():
        found = lake.rows(f"SELECT 1 AS one FROM {table} WHERE row_id = ? LIMIT 1", (row_id,), at=snapshot)
        if found:
            return RowLocation(table, row_id, snapshot)
    return _place_of_row(lake, row_id)


def _commit_of(lake: Lake, location: RowLocation, partition_key: str) -> Mapping[str, Any]:
    schema, stage = location.table.split(".")
    rows = lake.rows(
        f"SELECT * FROM {COMMITS} WHERE recipe = ? AND stage = ? AND partition_key = ? ORDER BY serial DESC LIMIT 1",
        (schema, stage, partition_key),
        at=location.at,
    )
    return rows[0] if rows else {}


def _calls(lake: Lake, keys: list[str]) -> list[Mapping[str, Any]]:
    if not keys:
        return []
    rows = lake.rows(f"SELECT * FROM {CALLS} WHERE NOT spare AND call_key IN (SELECT unnest(?::VARCHAR[]))", (keys,))
    return sorted(rows, key=lambda row: keys.index(row["call_key"]))
