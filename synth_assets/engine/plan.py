"""Plans what a run would do and cost, before anything is spent: it simulates the run with the ledger and no teacher.

Rows that the ledger can answer are made as the run would make them, so that what follows from them is exact. A row
that must be asked about is unknown from there on, and counted by the stages after it as the most rows it can become.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice, zip_longest

from synth_assets.core.canonical import row_id
from synth_assets.core.request import Call
from synth_assets.core.stage import Ask, Row, Sift, Source
from synth_assets.engine import ask
from synth_assets.engine.checks.row_check import RowCheck
from synth_assets.engine.commit.commits import input_partition, input_states, latest_commits
from synth_assets.engine.commit.fingerprint import fingerprint_of, is_current, teacher_of
from synth_assets.engine.engine import Engine
from synth_assets.engine.estimate import Estimate, Estimator
from synth_assets.engine.goal_rounds import runs_in_rounds
from synth_assets.engine.job import Job, MadeRow, RejectedRow
from synth_assets.engine.ledger import session
from synth_assets.engine.placeholder_rows import PLACEHOLDER, placeholder_requests
from synth_assets.engine.row_conversation import AnyAsk, collect_rows
from synth_assets.engine.row_factory import read_rows, row_from_parent, rows_from_source
from synth_assets.engine.selection import RunSelection, jobs_of
from synth_assets.recipes import Recipe

Batch = list[Row]


@dataclass(slots=True)
class PlanLine:
    """What one job would do. `calls_estimated` are calls about rows that are not known yet."""

    table: str
    partition_key: str
    state: str = "new"
    input_rows: int = 0
    rows: int = 0
    unknown_rows: int = 0
    rejects: int = 0
    calls: int = 0
    calls_estimated: int = 0
    hits: int = 0
    estimate: Estimate = field(default_factory=Estimate)
    notice: str = ""
    goal: str = ""


def plan(engine: Engine, recipe: Recipe, selection: RunSelection) -> list[PlanLine]:
    """Return a line for each job of a run, in its order."""
    jobs = jobs_of(recipe, selection, "plan")
    planner = _Planner(engine, {(job.stage, job.partition.key): job for job in jobs})
    return [planner.line(job) for job in jobs]


class _Planner:
    """Simulates jobs. Each is simulated anew for whoever reads it, so that no table is held in memory."""

    def __init__(self, engine: Engine, jobs: dict[tuple[str, str], Job]) -> None:
        self._lake, self._settings, self._jobs = engine.lake, engine.settings, jobs
        self._at = engine.lake.snapshot()
        self._changed: dict[tuple[str, str], bool] = {}

    def line(self, job: Job) -> PlanLine:
        """Return the line of one job: its simulation, counted."""
        line = PlanLine(job.table, job.partition.key, goal=self._goal(job))
        commit = latest_commits(self._lake, job.table, self._at).get(job.partition.key)
        if commit is not None and not self._changes(job):
            line.state, line.input_rows = "current", commit.tally.input_rows
            line.rows, line.rejects = commit.tally.rows, commit.tally.rejects
            return line
        line.state = "new" if commit is None else "changed"
        for batch in self._simulated(job, line):
            for row in batch:
                if row is PLACEHOLDER:
                    line.unknown_rows += 1
                else:
                    line.rows += 1
        return line

    def _goal(self, job: Job) -> str:
        """Return what further rounds are for: a plan is of one."""
        goal = job.recipe.goal
        if goal is None or not runs_in_rounds(job):
            return ""
        table = f"{job.recipe.name}.{goal.stage}"
        part = job.partition.key if job.recipe.is_partitioned(goal.stage) else None
        existing = self._lake.count(table, part, self._at) if self._lake.has(table, self._at) else 0
        rounds = f"it takes {goal.rounds} rounds at most, this is one"
        return (
            "" if existing >= goal.rows else f"the goal is {goal.rows} rows of {table}, {existing} are there; {rounds}"
        )

    def _is_current(self, job: Job) -> bool:
        """Return whether the run would leave the job's table as it is, given what it would do before."""
        if job.force or any(self._will_change(job, name) for name in job.recipe.stages[job.stage].inputs()):
            return False
        if not all(self._lake.has(job.source_of(name), self._at) for name in job.recipe.stages[job.stage].inputs()):
            return False
        base = latest_commits(self._lake, job.table, self._at).get(job.partition.key)
        fingerprint = fingerprint_of(job.recipe, job.stage, self._settings)
        return base is not None and is_current(
            self._lake, job, fingerprint, base, input_states(self._lake, job, self._at)
        )

    def _will_change(self, job: Job, name: str) -> bool:
        part = input_partition(job, name)
        return any(self._changes(before) for before in self._before(name, part))

    def _before(self, name: str, part: str | None) -> list[Job]:
        """Return the jobs of this run that fill an input."""
        return [job for (stage, key), job in self._jobs.items() if stage == name and part in (None, key)]

    def _changes(self, job: Job) -> bool:
        known = (job.stage, job.partition.key)
        if known not in self._changed:
            stage = job.recipe.stages[job.stage]
            if isinstance(stage, Source):
                self._changed[known] = self._source_changes(job, stage)
            else:
                self._changed[known] = not self._is_current(job)
        return self._changed[known]

    def _source_changes(self, job: Job, stage: Source) -> bool:
        """Return whether a source holds other rows than its table."""
        if job.force or not self._lake.has(job.table, self._at):
            return True
        existing = (
            row.row_id for batch in read_rows(self._lake, job.table, job.partition.key, self._at) for row in batch
        )
        anew = (row.row_id for batch in self._source(job, stage, PlanLine("", "")) for row in batch)
        return any(before != after for before, after in zip_longest(existing, anew))

    def _simulated(self, job: Job, line: PlanLine) -> Iterator[Batch]:
        stage = job.recipe.stages[job.stage]
        if isinstance(stage, Source):
            yield from self._source(job, stage, line)
        elif isinstance(stage, Ask):
            yield from self._asked(job, stage, line)
        elif isinstance(stage, Sift):
            yield from self._sifted(job, stage, line)
        else:
            for batch in self._input(job, stage.inputs()[0]):
                line.input_rows += len(batch)
                yield [PLACEHOLDER] * len(batch)

    def _input(self, job: Job, name: str) -> Iterator[Batch]:
        """Yield the rows of an input as they will be: of its jobs in this run, else of the lake."""
        part = input_partition(job, name)
        before = self._before(name, part)
        if not any(self._changes(each) for each in before):
            yield from read_rows(self._lake, job.source_of(name), part, self._at)
            return
        for each in before:
            yield from self._simulated(each, PlanLine("", ""))

    def _source(self, job: Job, stage: Source, line: PlanLine) -> Iterator[Batch]:
        check = RowCheck(job.recipe.contracts[job.stage])
        made: list[MadeRow] = []
        for outcome in rows_from_source(job, stage, self._lake):
            line.input_rows += 1
            if isinstance(outcome, RejectedRow):
                line.rejects += 1
                continue
            made.append(outcome)
            if len(made) >= ask.LOOKUP_ROWS:
                yield _checked(job, check, made, line)
                made = []
        yield _checked(job, check, made, line)

    def _sifted(self, job: Job, stage: Sift, line: PlanLine) -> Iterator[Batch]:
        """Send known rows through the sift; unknown ones may all come through it."""
        check = RowCheck(job.recipe.contracts[job.stage])
        unknown = 0

        def known(name: str) -> Iterator[Row]:
            nonlocal unknown
            for batch in self._input(job, name):
                line.input_rows += len(batch) if name == stage.from_ else 0
                unknown += batch.count(PLACEHOLDER) if name == stage.from_ else 0
                yield from (row for row in batch if row is not PLACEHOLDER)

        others = {name: known(name) for name in stage.inputs() if name != stage.from_}
        sifted = stage.sift(known(stage.from_), others)
        while some := list(islice(sifted, ask.LOOKUP_ROWS)):
            outcomes = [row_from_parent(each.parent, each.outcome) for each in some]
            made = [outcome for outcome in outcomes if isinstance(outcome, MadeRow)]
            line.rejects += len(outcomes) - len(made)
            yield _checked(job, check, made, line)
        yield [PLACEHOLDER] * unknown

    def _asked(self, job: Job, stage: AnyAsk, line: PlanLine) -> Iterator[Batch]:
        teacher = teacher_of(job.recipe, job.stage, self._settings)
        line.notice = teacher.notice
        check = RowCheck(job.recipe.contracts[job.stage])
        estimator = Estimator(self._lake, teacher, job)
        wanted: set[str] = set()
        for batch in self._input(job, stage.from_):
            line.input_rows += len(batch)
            known = [row for row in batch if row is not PLACEHOLDER]
            conversations, hits = ask.replay_ledger(
                stage, teacher.target, known, lambda keys: session.find_replies(self._lake, keys)
            )
            line.hits += hits
            ended = [each for each in conversations if not each.open_exchanges]
            outcomes = [outcome for each in ended for outcome in collect_rows(stage, each)]
            line.rejects += sum(isinstance(outcome, RejectedRow) for outcome in outcomes)
            fresh = _fresh([exchange.call for each in conversations for exchange in each.open_exchanges], wanted)
            line.calls += len(fresh)
            estimator.add(fresh)
            made = [outcome for outcome in outcomes if isinstance(outcome, MadeRow)]
            yield _checked(job, check, made, line)
            if unknown := len(batch) - len(known):
                supposed = placeholder_requests(stage, job.recipe.contracts[stage.from_])
                estimator.suppose(supposed)
                line.calls_estimated += unknown * max(1, len(supposed))
            unknown += len(conversations) - len(ended)
            for _ in range(stage.max_rows_per_input()):
                yield [PLACEHOLDER] * unknown
        line.estimate = estimator.total(line.calls, line.calls_estimated)


def _fresh(calls: list[Call], wanted: set[str]) -> list[Call]:
    """Return the calls that are not wanted yet: the same call for two rows is bought once."""
    fresh = []
    for call in calls:
        if call.key not in wanted:
            wanted.add(call.key)
            fresh.append(call)
    return fresh


def _checked(job: Job, check: RowCheck, made: list[MadeRow], line: PlanLine) -> Batch:
    """Return the rows that pass their checks; the others will be rejects."""
    if not made:
        return []
    faults = check.faults([each.values for each in made])
    line.rejects += len(faults)
    return [
        Row(row_id(job.recipe.name, job.stage, each.origin, each.ordinal), each.values)
        for index, each in enumerate(made)
        if index not in faults
    ]
