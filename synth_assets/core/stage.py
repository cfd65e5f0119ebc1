"""The shapes of a stage. A kind of stage is one frozen model of one shape; the engine runs the shape."""

from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any, ClassVar, Generic, Literal, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from typing_extensions import TypeVar

from synth_assets.core.canonical import Json
from synth_assets.core.contract import Column, Contract, Gate, Values
from synth_assets.core.rehearsal import Dice
from synth_assets.core.request import Reply, Request
from synth_assets.core.stage_context import Partition as Partition
from synth_assets.core.stage_context import PartitionScheme as PartitionScheme
from synth_assets.core.stage_context import Picture as Picture
from synth_assets.core.stage_context import SourceContext as SourceContext
from synth_assets.core.stage_context import StudyContext as StudyContext
from synth_assets.core.stage_context import TableView as TableView
from synth_assets.core.suggestions import did_you_mean
from synth_assets.core.teacher_spec import TeacherSpec

T = TypeVar("T", default=Any)
"""What a kind reads from a reply."""


@dataclass(frozen=True, slots=True)
class Rejection:
    """Why something made no row: a short, countable reason, the detail, and what was computed before it failed."""

    reason: str
    detail: str = ""
    values: Values = field(default_factory=dict)


class Reject(Exception):
    """Raised by a stage for a row it cannot use at all."""

    def __init__(self, reason: str, detail: str = "", values: Values | None = None) -> None:
        super().__init__(reason)
        self.rejection = Rejection(reason, detail, values or {})


class StageError(ValueError):
    """A stage that does not fit what it reads; `key` is the stage's own key, `line` a line of its text."""

    def __init__(self, key: str, message: str, line: int | None = None) -> None:
        super().__init__(message)
        self.key = key
        self.line = line


@dataclass(frozen=True, slots=True)
class Row:
    """A row of an upstream table: who it is, and its values."""

    row_id: str
    values: Values


@dataclass(frozen=True, slots=True)
class Answer(Generic[T]):
    """A reply that could be read, and the value that was read from it."""

    request: Request
    reply: Reply
    value: T


@dataclass(frozen=True, slots=True)
class DrawOutcome(Generic[T]):
    """A row, or a reject, that one of several answers made: it names the calls of that answer alone."""

    answer: Answer[T]
    outcome: Values | Rejection


class Checks(BaseModel):
    """What a recipe demands of a stage's table beyond what its kind promises."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    min_rows: int = Field(1, ge=0, description="fewest rows; fewer close the gate")
    max_rejects: float = Field(1.0, ge=0, le=1, description="highest share of rejects; more close the gate")
    warn_rejects: float = Field(0.1, ge=0, le=1, description="share of rejects that warns")
    unique: tuple[str, ...] = Field((), description="columns that hold no value twice")
    accepted: Mapping[str, tuple[str, ...]] = Field({}, description="the only values of a text column")
    min_length: Mapping[str, int] = Field({}, description="fewest characters of a text column")
    max_length: Mapping[str, int] = Field({}, description="most characters of a text column")

    def gate(self) -> Gate:
        """Return the checks of the table as a whole."""
        return Gate(self.min_rows, self.max_rejects, self.warn_rejects)

    def allow_empty(self) -> "Checks":
        """Return these checks for a table that may well hold no row: none is fine unless the recipe says `min_rows`."""
        return self if "min_rows" in self.model_fields_set else self.model_copy(update={"min_rows": 0})


def _as_list(value: object) -> object:
    """Read one name as a list of one. (A tuple, as what comes after this is validated as Python's values are.)"""
    return (value,) if isinstance(value, str) else tuple(value) if isinstance(value, list) else value


Names: TypeAlias = Annotated[tuple[str, ...], BeforeValidator(_as_list)]
"""The type of a key that names stages: one, or a list of them."""


class Stage(BaseModel):
    """One step of a recipe, as it is written there."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    shape: ClassVar[Literal["source", "ask", "query", "sift", "study", "sink"]]
    needs_all_partitions: ClassVar[bool] = False

    kind: str
    description: str = Field("", description="shown in the asset graph")
    checks: Checks = Checks()

    def inputs(self) -> tuple[str, ...]:
        """Return the stages (or `schema.table` of the lake) this one reads."""
        return ()

    @abstractmethod
    def contract(self, inputs: Mapping[str, Contract]) -> Contract:
        """Return the columns this stage makes of those inputs; StageError where it does not fit them."""

    def prepare(self) -> None:
        """Imports what takes long to import: in a thread, while a stage before it waits for a teacher."""

    def pictures(self, view: TableView) -> Iterator[Picture]:
        """Draw pictures of its table, to be shown with it."""
        return iter(())

    def scaled(self, times: float) -> "Stage | None":
        """This stage, asked for so many times as much, so that what it made before comes again; None if it cannot."""
        return None

    def fingerprint_fields(self) -> dict[str, Json]:
        """Return the keys that shape its rows, for the fingerprint: all but words for people and warnings."""
        checks = self.checks.model_dump(mode="json", exclude={"warn_rejects"})
        keys = self.model_dump(mode="json", by_alias=True, exclude={"description", "teacher"})
        return {**keys, "checks": checks}


class Source(Stage):
    """Makes rows from outside."""

    shape = "source"

    id: str | None = Field(None, description="the column whose value names the row; else its content does")

    def check_scheme(self, scheme: PartitionScheme) -> None:
        """Raise StageError where its rows cannot be divided like that."""

    @abstractmethod
    def rows(self, partition: Partition, context: SourceContext) -> Iterator[Values | Rejection]:
        """Yield the rows of a partition, always in the same order; a Rejection for what cannot be read."""


class Ask(Stage, Generic[T]):
    """Asks a teacher about each row, and reads a T from each reply.

    Pure: the parser can change without asking again.
    """

    shape = "ask"
    needs_all_answers: ClassVar[bool] = True

    from_: str = Field(alias="from", description="the stage it reads")
    teacher: TeacherSpec | None = Field(None, description="keys of the recipe's teacher, set anew")
    repairs: int = Field(2, ge=0, le=10, description="times an unreadable answer is sent back")

    def inputs(self) -> tuple[str, ...]:
        return (self.from_,)

    def max_rows_per_input(self) -> int:
        """Return how many rows it makes of one at most; a plan reckons with them while there are no answers."""
        return 1

    @classmethod
    def rehearse(cls, request: Request, dice: Dice) -> str | None:
        """Return what the offline teacher answers to a request of this kind; None if the request is another's."""
        return None

    @abstractmethod
    def requests(self, row: Row) -> list[Request]:
        """Return what to ask about a row; raise Reject if it is not fit to be asked about."""

    @abstractmethod
    def read(self, row: Row, reply: Reply) -> T:
        """Return what one reply says; Unreadable sends it back to the teacher with the reason."""

    @abstractmethod
    def rows(self, row: Row, answers: Sequence[Answer[T]]) -> Iterable[Values | DrawOutcome[T]]:
        """Return the rows that all answers make together, or what became of each answer.

        Raise Reject to reject the whole row. A Rejection in a DrawOutcome rejects what one answer made.
        """


class Query(Stage):
    """Computes its rows from other tables, in SQL."""

    shape = "query"

    @abstractmethod
    def query(self) -> str:
        """Return a single SELECT; `{name}` is not formatted: tables are named `recipe.stage` or as the stage."""


class Sift(Stage):
    """Keeps or turns away rows one after the other, knowing those it has seen before; in Python, in bounded memory."""

    shape = "sift"

    from_: str = Field(alias="from", description="the stage it reads")

    def inputs(self) -> tuple[str, ...]:
        return (self.from_,)

    @abstractmethod
    def sift(self, rows: Iterator[Row], others: Mapping[str, Iterator[Row]]) -> Iterator["RowOutcome"]:
        """Say what becomes of each row, in their order; `others` are the rows of the other inputs, by name."""


class Study(Stage):
    """Computes its rows in Python from whole tables: measures, models, queues. It may write files beside them."""

    shape = "study"
    needs_all_partitions = True

    @abstractmethod
    def rows(self, context: StudyContext) -> Iterator["Values | RowOutcome"]:
        """Yield the rows, each with the `parent_ids` it was made of if any, or what became of a row of its inputs."""


class Sink(Stage):
    """Writes files for others to use; its table describes what it wrote."""

    shape = "sink"
    needs_all_partitions = True

    from_: str = Field(alias="from", description="the stage it reads")

    def inputs(self) -> tuple[str, ...]:
        return (self.from_,)

    @abstractmethod
    def write(self, rows: Iterator[Row], folder: Path) -> Iterator["RowOutcome"]:
        """Writes files into an empty folder, and tells of every row whether it went in."""


def find_column(key: str, name: str, table: str, read: Contract) -> Column:
    """Return the column that a stage's key names in the table it reads; StageError where there is none."""
    if name in read:
        return read.column(name)
    hint = did_you_mean(name, read.names(), f" (it has: {', '.join(read.names())})")
    raise StageError(key, f'"{table}" has no column "{name}"{hint}')


@dataclass(frozen=True, slots=True)
class RowOutcome:
    """What became of one upstream row: the row that it is from here on, or that tells of it, or why it stayed out."""

    parent: Row
    outcome: Values | Rejection


def declare_contract(columns: Sequence[Column], checks: Checks, description: str) -> Contract:
    """Return a contract of those columns, tightened by the recipe's checks; StageError where a check does not fit."""
    known = {column.name for column in columns}
    named = [*checks.unique, *checks.accepted, *checks.min_length, *checks.max_length]
    for name in named:
        if name not in known:
            raise StageError("checks", f"there is no column {name!r} (there are: {', '.join(sorted(known))})")
    tightened = tuple(_tightened(column, checks) for column in columns)
    for column in tightened:
        if misfit := column.misfit():
            raise StageError("checks", misfit)
    return Contract(tightened, description, checks.gate())


def _tightened(column: Column, checks: Checks) -> Column:
    name = column.name
    return replace(
        column,
        unique=column.unique or name in checks.unique,
        accepted=checks.accepted.get(name, column.accepted),
        min_length=checks.min_length.get(name, column.min_length),
        max_length=checks.max_length.get(name, column.max_length),
    )
