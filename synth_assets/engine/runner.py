"""Runs one stage of a recipe for one partition: read, ask, parse, check, commit."""

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from synth_assets.core.contract import Values
from synth_assets.core.errors import ConflictError, LakeError
from synth_assets.core.stage import Query, Row, Sift, Sink, Source, Study
from synth_assets.engine import export_folders
from synth_assets.engine.ask import LOOKUP_ROWS, AskRun
from synth_assets.engine.commit.commits import (
    CommitRecord,
    InputState,
    input_partition,
    input_states,
    latest_commits,
    reused_result,
)
from synth_assets.engine.commit.fingerprint import fingerprint_of, is_current, teacher_of
from synth_assets.engine.commit.row_ordinals import RowOrdinals
from synth_assets.engine.commit.table_builder import TableBuilder
from synth_assets.engine.goal_rounds import GoalRounds, runs_in_rounds
from synth_assets.engine.job import Job, OnProgress, StageResult
from synth_assets.engine.ledger.budget import hold_budget, remaining_budget
from synth_assets.engine.ledger.call_record import LedgerScope
from synth_assets.engine.ledger.session import LedgerSession
from synth_assets.engine.manifest import ExportContents, ExportOrigin, describe_export, write_manifest
from synth_assets.engine.row_conversation import AnyAsk
from synth_assets.engine.row_factory import (
    LakeStudyContext,
    read_rows,
    row_from_parent,
    row_from_query,
    row_from_study,
    rows_from_source,
)
from synth_assets.lake import Lake, to_rows
from synth_assets.settings import Settings
from synth_assets.teacher import Teacher

if TYPE_CHECKING:
    import pyarrow as pa

Inputs = dict[str, InputState]


def no_progress(job: Job, tally: object) -> None:
    """Ignore progress."""


@dataclass(frozen=True, slots=True)
class Asked:
    """The teacher that is asked, the ledger's session, and the snapshot that the rows are read at."""

    teacher: Teacher
    session: LedgerSession
    at: int


@dataclass(frozen=True, slots=True)
class Runner:
    """Runs jobs on one lake. What the jobs of `then` need is imported while a teacher is waited for."""

    settings: Settings
    lake: Lake
    on_progress: OnProgress = no_progress
    then: Sequence[Job] = ()

    def run(self, job: Job) -> StageResult:
        """Makes a table what its recipe says, or finds that it is that already."""
        started = time.monotonic()
        stage = job.what
        at = self.lake.snapshot()
        self._require_inputs(job, at)
        inputs = input_states(self.lake, job, at)
        base = latest_commits(self.lake, job.table, at).get(job.partition.key)
        fingerprint = fingerprint_of(job.recipe, job.stage, self.settings)
        rounding = GoalRounds(job, self.run) if runs_in_rounds(job) else None
        is_same = base and not job.force and is_current(self.lake, job, fingerprint, base, inputs)
        if base and is_same and (rounding is None or all(map(self._is_settled, rounding.followers()))):
            return reused_result(job.work, base, at, started)
        if rounding is not None:
            return rounding.go()
        try:
            return self._shapes()[stage.shape](job, stage, base, inputs)
        except ConflictError:
            winner = latest_commits(self.lake, job.table).get(job.partition.key)
            if winner and is_current(self.lake, job, fingerprint, winner, inputs):
                return reused_result(job.work, winner, self.lake.snapshot(), started)
            raise

    def _is_settled(self, job: Job) -> bool:
        """Return whether a stage that follows the one that grows is current, and the goal's own has its rows."""
        at = self.lake.snapshot()
        base = latest_commits(self.lake, job.table, at).get(job.partition.key)
        goal_rows = job.work.contract.gate.goal_rows or 0
        return (
            base is not None
            and base.tally.rows >= goal_rows
            and is_current(
                self.lake,
                job,
                fingerprint_of(job.recipe, job.stage, self.settings),
                base,
                input_states(self.lake, job, at),
            )
        )

    def _shapes(self) -> dict[str, Callable[..., StageResult]]:
        return {
            "source": self._source,
            "ask": self._ask,
            "query": self._query,
            "sift": self._sift,
            "study": self._study,
            "sink": self._sink,
        }

    def _require_inputs(self, job: Job, at: int) -> None:
        for name in job.recipe.stages[job.stage].inputs():
            table = job.source_of(name)
            if not self.lake.has(table, at):
                raise LakeError(
                    f"it reads {table}, which is not there yet",
                    where=job.table,
                    remedy=f"run `synth run {job.recipe.name}`, which makes what comes before it, too",
                )

    def _source(self, job: Job, stage: Source, base: CommitRecord | None, inputs: Inputs) -> StageResult:
        started = time.monotonic()
        with self._build(job, base) as build:
            for outcome in rows_from_source(job, stage, self.lake):
                build.tally.input_rows += 1
                build.add(outcome)
                self.on_progress(job, build.tally)
            if base and not job.force and build.is_unchanged():
                return reused_result(job.work, base, self.lake.snapshot(), started)
            return build.commit(inputs)

    def _ask(self, job: Job, stage: AnyAsk, base: CommitRecord | None, inputs: Inputs) -> StageResult:
        teacher = teacher_of(job.recipe, job.stage, self.settings)
        scope = LedgerScope(job.run_id, job.schema, job.stage, job.partition.key)
        with (
            hold_budget(self.settings, job),
            self._build(job, base) as build,
            LedgerSession(self.lake, self.settings.journal, scope) as session,
        ):
            asyncio.run(self._ask_all(job, stage, build, Asked(teacher, session, snapshot_of(inputs))))
            session.flush()
            result = build.commit(inputs)
        return replace(result, notice=teacher.notice)

    async def _ask_all(self, job: Job, stage: AnyAsk, build: TableBuilder, asked: Asked) -> None:
        teacher, session, at = asked.teacher, asked.session, asked.at
        table, part = job.source_of(stage.from_), input_partition(job, stage.from_)
        build.tally.input_total = self.lake.count(table, part, at)
        budget = remaining_budget(self.lake, job)
        ready = asyncio.gather(asyncio.to_thread(self._prepare), return_exceptions=True)
        async with teacher.gateway(budget=budget, on_reply=session.record) as gateway:
            window = max(4 * teacher.limits.concurrency, LOOKUP_ROWS)
            asking = AskRun(stage, teacher.target, gateway, session, build.tally, window)
            async for outcomes in asking.outcomes(read_rows(self.lake, table, part, at)):
                for outcome in outcomes:
                    build.add(outcome)
                self.on_progress(job, build.tally)
        await ready  # what failed there will fail again where it is needed, and be told

    def _prepare(self) -> None:
        """Prepare each kind once, one after the other: the threads are wanted for looks into the ledger."""
        for stage in {type(job.what): job.what for job in self.then}.values():
            stage.prepare()

    def _query(self, job: Job, stage: Query, base: CommitRecord | None, inputs: Inputs) -> StageResult:
        ordinals = RowOrdinals()
        with self._build(job, base) as build:
            for batch in self._selected(job, stage.query(), snapshot_of(inputs)):
                build.tally.input_rows += batch.num_rows
                if not build.add_columns(batch, ordinals):
                    for values in to_rows(batch):
                        build.add(row_from_query(values, ordinals))
            return build.commit(inputs)

    def _selected(self, job: Job, select: str, at: int) -> "pa.RecordBatchReader":
        """Return the rows of a SELECT, in which the stages that a stage reads go by their own names."""
        tables = []
        for name in job.recipe.stages[job.stage].inputs():
            part = input_partition(job, name)
            where = f" WHERE partition_key = '{part}'" if part else ""
            tables.append(f'"{name}" AS (SELECT * FROM {job.source_of(name)}{where})')
        sql = f"WITH {', '.join(tables)} SELECT * FROM ({select})"
        return self.lake.query(sql, at=at)

    def _study(self, job: Job, stage: Study, base: CommitRecord | None, inputs: Inputs) -> StageResult:
        ordinals = RowOrdinals()
        contracts = {name: job.recipe.contracts[name] for name in stage.inputs()}
        with self._build(job, base) as build:
            with export_folders.new_folder(self.settings.exports, job) as folder:
                context = LakeStudyContext(contracts, folder, partial(self._answers, job, snapshot_of(inputs)))
                for found in stage.rows(context):
                    build.tally.input_rows += 1
                    build.add(row_from_study(found, ordinals))
                    self.on_progress(job, build.tally)
            return _exported(build, inputs, folder)

    def _answers(self, job: Job, at: int, select: str) -> Iterator[Values]:
        for batch in self._selected(job, select, at):
            yield from to_rows(batch)

    def _sift(self, job: Job, stage: Sift, base: CommitRecord | None, inputs: Inputs) -> StageResult:
        at = snapshot_of(inputs)
        rows = {name: self._rows(job, name, at) for name in stage.inputs()}
        with self._build(job, base) as build:
            table, part = job.source_of(stage.from_), input_partition(job, stage.from_)
            build.tally.input_total = self.lake.count(table, part, at)
            for sifted in stage.sift(rows.pop(stage.from_), rows):
                build.tally.input_rows += 1
                build.add(row_from_parent(sifted.parent, sifted.outcome))
                self.on_progress(job, build.tally)
            return build.commit(inputs)

    def _rows(self, job: Job, name: str, at: int) -> Iterator[Row]:
        """Yield the rows of an input; the table is read when the first is wanted."""
        for batch in read_rows(self.lake, job.source_of(name), input_partition(job, name), at):
            yield from batch

    def _sink(self, job: Job, stage: Sink, base: CommitRecord | None, inputs: Inputs) -> StageResult:
        table = job.source_of(stage.from_)
        contents = ExportContents()
        with self._build(job, base) as build:
            with export_folders.new_folder(self.settings.exports, job) as folder:
                at = snapshot_of(inputs)
                build.tally.input_total = self.lake.count(table, at=at)
                rows = (row for batch in read_rows(self.lake, table, None, at) for row in batch)
                for written in stage.write(rows, folder):
                    build.tally.input_rows += 1
                    build.add(row_from_parent(written.parent, written.outcome))
                    contents.add(written.outcome)
                    self.on_progress(job, build.tally)
                origin = ExportOrigin(job, build.fingerprint, at)
                write_manifest(folder, describe_export(self.lake, self.settings, origin, contents, build.tally))
            return _exported(build, inputs, folder)

    def _build(self, job: Job, base: CommitRecord | None) -> TableBuilder:
        return TableBuilder(self.lake, job.work, fingerprint_of(job.recipe, job.stage, self.settings), base)


def _exported(build: TableBuilder, inputs: Inputs, folder: Path) -> StageResult:
    """Commits what was written into a folder."""
    with export_folders.remove_if_refused(folder):
        result = build.commit(inputs, folder if any(folder.iterdir()) else None)
    export_folders.make_current(folder)
    return result


def snapshot_of(inputs: Inputs) -> int:
    """Return the snapshot that a job reads its inputs at."""
    return next(iter(inputs.values())).snapshot
