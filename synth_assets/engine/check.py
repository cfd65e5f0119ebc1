"""Contracts as Pandera schemas: which rows of a batch fail, and whether the table as a whole may be committed."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from synth_assets.core.canonical import Json, canonical_json, content_hash, plain
from synth_assets.core.contract import Column, Contract, Relationship, Values
from synth_assets.core.errors import ContractError

if TYPE_CHECKING:
    import pandera.pandas as pa

SHOWN = 20
_MOST_REASONS = 3
ENOUGH, GOAL = "enough_rows", "goal_is_reached"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The result of one check, with the first rows that failed it."""

    name: str
    passed: bool
    description: str
    blocking: bool = True
    failing: tuple[Values, ...] = ()


class GateClosed(ContractError):
    """A check of the whole table failed: nothing was committed. The verdicts tell which, with rows."""

    def __init__(self, table: str, verdicts: Sequence[Verdict]) -> None:
        closed = [verdict for verdict in verdicts if verdict.blocking and not verdict.passed]
        super().__init__(
            "; ".join(f"{verdict.name}: {verdict.description}" for verdict in closed),
            where=table,
            remedy="the table is as it was before; mend the rows or the stage's `checks`, then run it again",
        )
        self.verdicts = tuple(verdicts)
        self.wants_rows = all(verdict.name == ENOUGH for verdict in closed)


def schema_of(contract: Contract, name: str = "") -> "pa.DataFrameSchema":
    """The Pandera schema of a contract's rows."""
    import pandera.pandas as pa

    return pa.DataFrameSchema(
        {column.name: _pandera_column(column) for column in contract.columns},
        name=name or None,
        description=contract.description or None,
    )


def _pandera_column(column: Column) -> "pa.Column":
    import pandera.pandas as pa

    checks = [pa.Check(_each(is_valid), name=reason, error=reason) for reason, is_valid in _rules(column).items()]
    return pa.Column(None, checks, nullable=column.nullable, description=column.description or None, required=True)


def _each(is_valid: Callable[[Any], bool]) -> Callable[[Any], Any]:
    return lambda series: series.map(is_valid).astype(bool)


def _rules(column: Column) -> dict[str, Callable[[Any], bool]]:
    """What each value that is there must be, by the words that tell of a failure."""
    rules: dict[str, Callable[[Any], bool]] = {f"is not of type {column.type}": _TYPES[column.type]}
    if column.accepted:
        accepted, told = frozenset(column.accepted), "holds what is" if column.type == "texts" else "is"
        rules[f"{told} none of {', '.join(column.accepted)}"] = lambda value: accepted.issuperset(
            value if _is_texts(value) else [value]
        )
    least, most = column.min_length, column.max_length
    if least is not None:
        rules[f"is shorter than {least}"] = lambda value: not hasattr(value, "__len__") or len(value) >= least
    if most is not None:
        rules[f"is longer than {most}"] = lambda value: not hasattr(value, "__len__") or len(value) <= most
    low, high = column.minimum, column.maximum
    if low is not None:
        rules[f"is less than {low:g}"] = lambda value: not _is_number(value) or value >= low
    if high is not None:
        rules[f"is more than {high:g}"] = lambda value: not _is_number(value) or value <= high
    return rules


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_dialog(value: object) -> bool:
    return isinstance(value, Sequence) and all(
        isinstance(turn, Mapping) and isinstance(turn.get("role"), str) and isinstance(turn.get("content"), str)
        for turn in value
    )


def _is_texts(value: object) -> bool:
    return isinstance(value, list | tuple) and all(isinstance(item, str) for item in value)


_TYPES: dict[str, Callable[[Any], bool]] = {
    "text": lambda value: isinstance(value, str),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "number": _is_number,
    "boolean": lambda value: isinstance(value, bool),
    "timestamp": lambda value: isinstance(value, datetime | str),
    "dialog": _is_dialog,
    "texts": _is_texts,
    "json": lambda value: isinstance(value, str | Mapping | list | int | float | bool),
}


def faults_of(schema: "pa.DataFrameSchema", rows: Sequence[Values]) -> dict[int, str]:
    """For each row of the batch that fails, by its place: the first check that it failed."""
    import pandas as pd
    import pandera.errors

    frame = pd.DataFrame(list(rows), columns=list(schema.columns), dtype=object)
    try:
        schema.validate(frame, lazy=True)
    except pandera.errors.SchemaErrors as error:
        faults: dict[int, str] = {}
        cases = error.failure_cases
        for index, column, check in zip(cases["index"], cases["column"], cases["check"], strict=True):
            reason = "is missing" if check == "not_nullable" else str(check)
            faults.setdefault(int(index), f"{column} {reason}")
        return faults
    return {}


@dataclass(slots=True)
class TableCheck:
    """The gate of a table: fed every row that goes in, asked once at the end."""

    contract: Contract
    input_rows: int = 0
    rows: int = 0
    rejects: int = 0
    reasons: dict[str, int] = field(default_factory=dict)
    rejected: list[Values] = field(default_factory=list)
    failing: list[Values] = field(default_factory=list)
    faulty: int = 0
    faults: dict[str, int] = field(default_factory=dict)
    _seen: dict[str, set[str]] = field(default_factory=dict)
    _twice: dict[str, list[Values]] = field(default_factory=dict)

    def add(self, rows: Iterable[Values]) -> None:
        """Counts rows, and remembers what unique columns have held."""
        unique = [column.name for column in self.contract.columns if column.unique] + ["row_id"]
        for row in rows:
            self.rows += 1
            for name in unique:
                self._note(name, row)

    def _note(self, name: str, row: Values) -> None:
        value = row.get(name)
        if value is None:
            return
        mark = value if isinstance(value, str) and len(value) <= 32 else content_hash("unique/1", _plain(value))
        seen = self._seen.setdefault(name, set())
        if mark in seen:
            self._twice.setdefault(name, []).append(row)
        seen.add(mark)

    def add_reject(self, reason: str, detail: str, reply: str | None, values: Values) -> None:
        """A row that is not in the table; the first are shown if they are too many."""
        self.rejects += 1
        self.reasons[reason] = self.reasons.get(reason, 0) + 1
        if len(self.rejected) < SHOWN:
            told = {"reason": reason, "detail": detail, "reply": reply, "row": canonical_json(plain(values))}
            self.rejected.append({name: value for name, value in told.items() if value})

    def add_fault(self, row: Values, fault: str) -> None:
        """A row of a query that fails a row check: it closes the gate."""
        self.faulty += 1
        self.faults[fault] = self.faults.get(fault, 0) + 1
        if len(self.failing) < SHOWN:
            self.failing.append({"fault": fault, **row})

    def verdicts(self) -> list[Verdict]:
        """Every check of the contract with its result."""
        told = "; ".join(f"{fault}: {count}" for fault, count in self.faults.items()) or "every row passes its checks"
        verdicts = [Verdict("rows_are_valid", not self.faulty, told, True, tuple(self.failing)), *self._counted()]
        for name in _unique_names(self.contract):
            twice = self._twice.get(name, [])
            text = f"{len(twice)} rows hold a value of {name} that another row holds" if twice else "no value twice"
            verdicts.append(Verdict(f"{name}_is_unique", not twice, text, True, tuple(twice[:SHOWN])))
        return verdicts

    def _counted(self) -> Iterator[Verdict]:
        """What the numbers of rows and rejects say. Where a gate closes by them, rejects are shown once."""
        gate, share = self.contract.gate, self.rejects / max(self.rows + self.rejects, 1)
        is_enough, are_few = self.rows >= gate.min_rows, share <= gate.max_reject_share
        shown, told = tuple(self.rejected), f"{self.rejects} rejects, {share:.1%} of all{self._why()}"
        wanted = f"{self.rows} rows, at least {gate.min_rows} wanted"
        yield Verdict(ENOUGH, is_enough, wanted, failing=() if is_enough else shown)
        allowed = f"{told}; at most {gate.max_reject_share:.0%} allowed"
        yield Verdict("few_rejects", are_few, allowed, failing=shown if is_enough and not are_few else ())
        warned = f"{told}; more than {gate.warn_reject_share:.0%} warns"
        yield Verdict("reject_rate", share <= gate.warn_reject_share, warned, blocking=False)
        if gate.goal_rows is not None:
            reached = f"{self.rows} of the {gate.goal_rows} rows that are wanted"
            yield Verdict(GOAL, self.rows >= gate.goal_rows, reached, blocking=False)

    def _why(self) -> str:
        """The reasons that most rejects have."""
        most = sorted(self.reasons.items(), key=lambda each: -each[1])[:_MOST_REASONS]
        return f" ({', '.join(f'{count} {reason}' for reason, count in most)})" if most else ""


def _unique_names(contract: Contract) -> list[str]:
    return ["row_id", *(column.name for column in contract.columns if column.unique)]


def check_names(contract: Contract) -> dict[str, bool]:
    """The checks that a commit of this contract reports, and which of them are gates."""
    names = {"rows_are_valid": True, ENOUGH: True, "few_rejects": True, "reject_rate": False}
    names.update({GOAL: False} if contract.gate.goal_rows is not None else {})
    names.update({f"{name}_is_unique": True for name in _unique_names(contract)})
    names.update({link_name(link): True for link in contract.relationships})
    return names


def link_name(link: Relationship) -> str:
    """The name of the check of a relationship."""
    return f"{link.column}_is_in_{link.to_table.replace('.', '_')}"


def _plain(value: object) -> Json:
    return value if isinstance(value, str | int | float | bool) else str(value)
