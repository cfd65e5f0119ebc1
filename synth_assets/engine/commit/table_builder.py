"""Builds a table: outcomes are checked, staged as files, and become visible in one commit."""

import hashlib
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from synth_assets.core.canonical import canonical_json, json_ready, row_id
from synth_assets.core.contract import WHOLE
from synth_assets.core.errors import ConflictError
from synth_assets.engine import tables
from synth_assets.engine.checks.column_check import accept_columns, add_row_ids
from synth_assets.engine.checks.row_check import RowCheck
from synth_assets.engine.checks.table_check import CheckResult, GateClosed, RelationshipCheck, TableCheck
from synth_assets.engine.commit.commit_log import CommitEntry, stage_log_rows
from synth_assets.engine.commit.commits import CommitRecord, InputState, latest_commits
from synth_assets.engine.commit.row_ordinals import RowOrdinals
from synth_assets.engine.job import MadeRow, RejectedRow, StageResult, TableTask, Tally
from synth_assets.lake import Append, Change, CommitInfo, Lake, Reader, Replace, View

if TYPE_CHECKING:
    import pyarrow as pa

BATCH_ROWS = 1_000
SURPLUS = "more than the goal wants"


class TableBuilder:
    """Collects what a stage makes for one table and partition. Nothing is visible before `commit`."""

    def __init__(self, lake: Lake, work: TableTask, fingerprint: str, base: CommitRecord | None) -> None:
        self.tally = Tally()
        self.fingerprint = fingerprint
        self._lake, self._work, self._base = lake, work, base
        self._started = time.monotonic()
        self._check = RowCheck(work.contract, work.table)
        self._gate = TableCheck(work.contract)
        self._links = RelationshipCheck(work.contract.relationships)
        self._watched = {"row_id", *(c.name for c in work.contract.columns if c.unique)}
        self._watched |= {link.column for link in work.contract.relationships}
        self._hash = hashlib.sha256()
        self._waiting: list[MadeRow] = []
        self._rejected: list[RejectedRow] = []

    def __enter__(self) -> "TableBuilder":
        work, stage = self._work, self._lake.stage
        self._stack = ExitStack()
        rows = stage(work.table, work.contract, work.partition_key, calls=work.asks)
        self._rows = self._stack.enter_context(rows)
        rejects = stage(tables.rejects_of(work.table), tables.REJECTS_CONTRACT, work.partition_key, calls=True)
        self._rejects = self._stack.enter_context(rejects)
        return self

    def __exit__(self, *error: Any) -> None:
        self._stack.__exit__(*error)

    def add(self, outcome: MadeRow | RejectedRow) -> None:
        """Takes a row, or the reason why there is none."""
        if isinstance(outcome, RejectedRow):
            self._reject(outcome)
            return
        self._waiting.append(outcome)
        if len(self._waiting) >= BATCH_ROWS:
            self._write()

    def add_columns(self, batch: "pa.RecordBatch", ordinals: RowOrdinals) -> bool:
        """Add a query's rows by the column. Return False, and add none, if they must be checked one by one."""
        work, schema = self._work, self._rows.shape.schema
        if work.contract.gate.goal_rows is not None:
            return False
        columns = accept_columns(batch, work.contract)
        ready = columns and add_row_ids(columns, batch, ordinals, work, schema)
        if not ready:
            return False
        self._write()
        watched = ready.select([name for name in schema.names if name in self._watched]).to_pylist()
        self._gate.add(watched)
        self._links.add(watched)
        self._hash.update(ready.serialize())
        self.tally.rows += ready.num_rows
        self._rows.write_batch(ready)
        return True

    def is_unchanged(self) -> bool:
        """Return whether the rows are those of the latest commit."""
        self._write()
        base = self._base
        return (
            base is not None
            and (base.data_hash, base.fingerprint) == (self._data_hash(), self.fingerprint)
            and base.tally.rejects == self.tally.rejects
        )

    def verdicts(self) -> list[CheckResult]:
        """Return the checks of all that was added; raise GateClosed if a gate closes."""
        self._write()
        verdicts = [*self._gate.verdicts(), *self._links.verdicts(self._lake)]
        if any(verdict.blocking and not verdict.passed for verdict in verdicts):
            raise GateClosed(self._work.table, verdicts)
        return verdicts

    def commit(self, inputs: dict[str, InputState], folder: Path | None = None) -> StageResult:
        """Make the table visible, with its log; GateClosed or ConflictError leave it as it was."""
        verdicts = self.verdicts()
        self._write_rejects()
        work, about = self._work, self._about()
        duration_s = time.monotonic() - self._started
        with ExitStack() as stack:
            changes: list[Change] = [
                self._contents(),
                *([Replace(self._rejects)] if work.keeps_rejects else []),
                *self._replaced_scheme(stack),
                *(
                    Append(stack.enter_context(writer))
                    for writer in stage_log_rows(self._lake, work, self._entry(inputs, duration_s, folder))
                ),
            ]
            snapshot = self._lake.commit(changes, about, guard=self._raise_if_overtaken)
        return StageResult(
            table=work.table,
            partition_key=work.partition_key,
            run_id=work.run_id,
            snapshot=snapshot,
            fingerprint=about.fingerprint,
            reused=False,
            tally=replace(self.tally),
            duration_s=duration_s,
            verdicts=tuple(verdicts),
            folder=folder,
            inputs={table: state.snapshot for table, state in inputs.items()},
        )

    def _contents(self) -> Change:
        if self._work.view is None:
            return Replace(self._rows)
        self._rows.discard()
        return View(self._work.table, self._work.view, self._work.contract.description)

    def _replaced_scheme(self, stack: ExitStack) -> Iterator[Replace]:
        """Empties what was written when the table was divided otherwise: the whole, or into partitions."""
        is_whole = self._work.partition_key == WHOLE
        for shape in (self._rows.shape, self._rejects.shape) if self._work.view is None else ():
            existing = set(self._lake.partitions(shape.table))
            for key in sorted(existing - {WHOLE} if is_whole else existing & {WHOLE}):
                empty = self._lake.stage(shape.table, shape.contract, key, ids=shape.ids, calls=shape.calls)
                yield Replace(stack.enter_context(empty))

    def _about(self) -> CommitInfo:
        work = self._work
        return CommitInfo(
            run_id=work.run_id,
            recipe=work.schema,
            stage=work.name,
            partition_key=work.partition_key,
            fingerprint=self.fingerprint,
            message=f"{work.table}: {self.tally.rows} rows, {self.tally.rejects} rejects",
        )

    def _write(self) -> None:
        """Checks a batch; a faulty row of a source or teacher is a reject, of a query it closes the gate."""
        batch, self._waiting = self._waiting, []
        if not batch:
            return
        faults = self._check.faults([made.values for made in batch])
        room = self._room()
        rows: list[dict[str, Any]] = []
        for index, made in enumerate(batch):
            row = self._row(made)
            if index not in faults and len(rows) == room:
                self._reject(RejectedRow(made.values, SURPLUS, "", made.parents, None, made.call_keys))
            elif index not in faults:
                rows.append(row)
                self._digest(made, str(row["row_id"]))
            elif self._work.strict:
                self._gate.add_fault(row, faults[index])
            else:
                self._reject(RejectedRow(made.values, faults[index], "", made.parents, None, made.call_keys))
        self._gate.add(rows)
        self._links.add(rows)
        self.tally.rows += len(rows)
        self._rows.write(rows)

    def _room(self) -> int | None:
        """Return how many rows there is room for; None where nothing limits them."""
        goal_rows = self._work.contract.gate.goal_rows
        return None if goal_rows is None else goal_rows - self.tally.rows

    def _row(self, made: MadeRow) -> dict[str, Any]:
        work = self._work
        identity = row_id(work.id_namespace, work.name, made.origin, made.ordinal)
        row = {**made.values, "row_id": identity, "parent_ids": list(made.parents)}
        if work.asks:
            row["call_keys"] = list(made.call_keys)
        return row

    def _digest(self, made: MadeRow, identity: str) -> None:
        content = list(made.call_keys) if made.call_keys else json_ready(made.values)
        self._hash.update(f"{identity}\n{canonical_json(content)}\n".encode("utf-8", "surrogatepass"))

    def _reject(self, rejected: RejectedRow) -> None:
        self.tally.reject(rejected)
        if rejected.reason != SURPLUS:
            self._gate.add_reject(rejected.reason, rejected.detail, rejected.reply, rejected.values)
        self._rejected.append(rejected)
        if len(self._rejected) >= BATCH_ROWS:
            self._write_rejects()

    def _write_rejects(self) -> None:
        rejected, self._rejected = self._rejected, []
        first = self.tally.rejects - len(rejected)
        rows = [
            {
                "row_id": row_id(self._work.id_namespace, f"{self._work.name}__rejects", item.parents, first + index),
                "parent_ids": list(item.parents),
                "call_keys": list(item.call_keys),
                "reason": item.reason,
                "detail": item.detail,
                "reply": item.reply,
                "row": canonical_json(json_ready(item.values)),
            }
            for index, item in enumerate(rejected)
        ]
        if rows:
            self._rejects.write(rows)

    def _entry(self, inputs: dict[str, InputState], duration_s: float, folder: Path | None) -> CommitEntry:
        serial = (self._base.serial if self._base else 0) + 1
        data_hash = self._data_hash(*(state.data for state in inputs.values()))
        return CommitEntry(serial, self.fingerprint, data_hash, inputs, self.tally, duration_s, folder)

    def _data_hash(self, *inputs: str) -> str:
        """Return a hash of the rows; those of a teacher by their calls, code and inputs, which shape them."""
        digest = self._hash.copy()
        if self._work.asks:
            digest.update("\n".join([self.fingerprint, *inputs]).encode())
        return digest.hexdigest()[:32]

    def _raise_if_overtaken(self, reader: Reader) -> None:
        now = latest_commits(reader, self._work.table).get(self._work.partition_key)
        if (now.serial if now else 0) != (self._base.serial if self._base else 0):
            raise ConflictError(
                "another run committed this table while this one was at work",
                where=self._work.table,
                remedy="run it again: the answers are in the ledger and cost nothing",
            )
