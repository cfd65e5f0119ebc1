"""What a run is asked to do, what a stage makes of a row, and what came of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from synth_assets.core.contract import Contract, Values
from synth_assets.core.stage import Partition, Stage
from synth_assets.engine.checks.table_check import CheckResult
from synth_assets.recipes import Recipe


@dataclass(frozen=True, slots=True)
class TableTask:
    """A table to be filled: by a stage, a SQL model or a frame. Row ids are made in `id_namespace`.

    `strict` says that a faulty row closes the gate, where else it is a reject. A `view` is the SELECT that is stored in
    the place of its rows, which are checked all the same.
    """

    schema: str
    name: str
    id_namespace: str
    kind: str
    contract: Contract
    partition_key: str
    run_id: str
    asks: bool = False
    strict: bool = False
    keeps_rejects: bool = True
    view: str | None = None

    @property
    def table(self) -> str:
        """The table that is filled."""
        return f"{self.schema}.{self.name}"


@dataclass(frozen=True, slots=True)
class Job:
    """One stage of a recipe for one partition. `limit` makes it a trial, in a schema of its own.

    In a `round` of the recipe's goal, the stage that grows is asked for so many `times` as much.
    """

    recipe: Recipe
    stage: str
    partition: Partition
    run_id: str
    limit: int | None = None
    force: bool = False
    times: float = 1.0
    round: int = 0

    @property
    def what(self) -> Stage:
        """The stage as it is run."""
        stage = self.recipe.stages[self.stage]
        return stage if self.times == 1.0 else stage.scaled(self.times) or stage

    @property
    def schema(self) -> str:
        """Trials never touch the dataset: they have tables of their own."""
        return self.recipe.name if self.limit is None else f"{self.recipe.name}__trial"

    @property
    def table(self) -> str:
        """The table this job fills."""
        return f"{self.schema}.{self.stage}"

    @property
    def work(self) -> TableTask:
        """The job as a table to be filled. A faulty row of a query or study closes the gate, others are rejects."""
        stage = self.recipe.stages[self.stage]
        return TableTask(
            schema=self.schema,
            name=self.stage,
            id_namespace=self.recipe.name,
            kind=stage.kind,
            contract=self._contract,
            partition_key=self.partition.key,
            run_id=self.run_id,
            asks=stage.shape == "ask",
            strict=stage.shape in ("query", "study"),
        )

    @property
    def _contract(self) -> Contract:
        """A trial has no goal."""
        contract = self.recipe.contracts[self.stage]
        return contract if self.limit is None else replace(contract, gate=replace(contract.gate, goal_rows=None))

    def source_of(self, name: str) -> str:
        """Return the table that an input is read from."""
        return name if "." in name else f"{self.schema}.{name}"


@dataclass(frozen=True, slots=True)
class MadeRow:
    """A row that a stage made. Its id follows from `origin` (parents, or its content) and `ordinal`."""

    values: Values
    origin: tuple[str, ...]
    ordinal: int = 0
    parents: tuple[str, ...] = ()
    call_keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RejectedRow:
    """A row or reply that made no valid row. `failed` says that the teacher gave no answer: a rerun asks again."""

    values: Values
    reason: str
    detail: str = ""
    parents: tuple[str, ...] = ()
    reply: str | None = None
    call_keys: tuple[str, ...] = ()
    failed: bool = False


@dataclass(slots=True)
class Tally:
    """What a stage has done so far."""

    input_rows: int = 0
    input_total: int | None = None
    rows: int = 0
    rejects: int = 0
    failures: int = 0
    calls: int = 0
    hits: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost_usd: float | None = 0.0
    reasons: dict[str, int] = field(default_factory=dict)

    def pay(self, cost_usd: float | None) -> None:
        """Adds a cost; once one is unknown the sum is."""
        self.cost_usd = None if cost_usd is None or self.cost_usd is None else self.cost_usd + cost_usd

    def reject(self, rejected: RejectedRow) -> None:
        """Counts one that made no row, and why."""
        self.rejects += 1
        self.failures += rejected.failed
        self.reasons[rejected.reason] = self.reasons.get(rejected.reason, 0) + 1


OnProgress = Callable[[Job, Tally], None]


@dataclass(frozen=True, slots=True)
class Round:
    """A round of a goal: how much was asked for, rows of the stage that grows, rows accepted, and what was bought."""

    number: int = 0
    times: float = 0.0
    made: int = 0
    accepted: int = 0
    calls: int = 0
    cost_usd: float | None = 0.0


@dataclass(frozen=True, slots=True)
class Rounds:
    """The rounds that a goal took, how many rows were wanted, and why there was no further one."""

    rounds: tuple[Round, ...]
    wanted: int
    stopped: str

    @property
    def reached(self) -> bool:
        """Whether the rows that were wanted are there."""
        return self.rounds[-1].accepted >= self.wanted


@dataclass(frozen=True, slots=True)
class StageResult:
    """A stage as it is committed: by this run, or by an earlier one that made the same (`reused`)."""

    table: str
    partition_key: str
    run_id: str
    snapshot: int
    fingerprint: str
    reused: bool
    tally: Tally
    duration_s: float
    verdicts: tuple[CheckResult, ...] = ()
    notice: str = ""
    folder: Path | None = None
    inputs: Mapping[str, int] = field(default_factory=dict)
    rounds: Rounds | None = None
