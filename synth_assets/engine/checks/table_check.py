"""Checks whether a table as a whole may be committed: its gate, its unique columns, its relationships."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from synth_assets.core.canonical import canonical_json, json_ready
from synth_assets.core.contract import Contract, Relationship, Values
from synth_assets.core.errors import ContractError
from synth_assets.engine.checks.rules import is_missing, unique_key
from synth_assets.engine.checks.seen_texts import SeenTexts
from synth_assets.lake import Lake

SHOWN = 20
_MOST_REASONS = 3
ENOUGH, GOAL = "enough_rows", "goal_is_reached"


@dataclass(frozen=True, slots=True)
class CheckResult:
    """The result of one check, with the first rows that failed it."""

    name: str
    passed: bool
    description: str
    blocking: bool = True
    failing: tuple[Values, ...] = ()


class GateClosed(ContractError):
    """A check of the whole table failed: nothing was committed. The verdicts tell which, with rows."""

    def __init__(self, table: str, verdicts: Sequence[CheckResult]) -> None:
        closed = [verdict for verdict in verdicts if verdict.blocking and not verdict.passed]
        super().__init__(
            "; ".join(f"{verdict.name}: {verdict.description}" for verdict in closed),
            where=table,
            remedy="the table is as it was before; mend the rows or the stage's `checks`, then run it again",
        )
        self.verdicts = tuple(verdicts)
        self.wants_rows = all(verdict.name == ENOUGH for verdict in closed)


@dataclass(slots=True)
class TableCheck:
    """The gate of a table: is given every row that goes in, and asked once at the end."""

    contract: Contract
    input_rows: int = 0
    rows: int = 0
    rejects: int = 0
    reasons: dict[str, int] = field(default_factory=dict)
    rejected: list[Values] = field(default_factory=list)
    failing: list[Values] = field(default_factory=list)
    faulty: int = 0
    faults: dict[str, int] = field(default_factory=dict)
    _seen: dict[str, SeenTexts] = field(default_factory=dict)
    _repeats: dict[str, int] = field(default_factory=dict)
    _repeating: dict[str, list[Values]] = field(default_factory=dict)

    def add(self, rows: Iterable[Values]) -> None:
        """Counts rows, and remembers what unique columns have held."""
        unique = _unique_names(self.contract)
        for row in rows:
            self.rows += 1
            for name in unique:
                self._remember(name, row)

    def _remember(self, name: str, row: Values) -> None:
        value = row.get(name)
        if is_missing(value) or self._seen.setdefault(name, SeenTexts()).add(unique_key(value)):
            return
        self._repeats[name] = self._repeats.get(name, 0) + 1
        if self._repeats[name] <= SHOWN:
            self._repeating.setdefault(name, []).append(row)

    def add_reject(self, reason: str, detail: str, reply: str | None, values: Values) -> None:
        """Counts a row that is not in the table; the first are shown if they are too many."""
        self.rejects += 1
        self.reasons[reason] = self.reasons.get(reason, 0) + 1
        if len(self.rejected) < SHOWN:
            shown = {"reason": reason, "detail": detail, "reply": reply, "row": canonical_json(json_ready(values))}
            self.rejected.append({name: value for name, value in shown.items() if value})

    def add_fault(self, row: Values, fault: str) -> None:
        """Counts a row of a query that fails a row check: it closes the gate."""
        self.faulty += 1
        self.faults[fault] = self.faults.get(fault, 0) + 1
        if len(self.failing) < SHOWN:
            self.failing.append({"fault": fault, **row})

    def verdicts(self) -> list[CheckResult]:
        """Return every check of the contract with its result."""
        text = "; ".join(f"{fault}: {count}" for fault, count in self.faults.items()) or "every row passes its checks"
        verdicts = [CheckResult("rows_are_valid", not self.faulty, text, True, tuple(self.failing)), *self._counts()]
        for name in _unique_names(self.contract):
            repeats = self._repeats.get(name, 0)
            text = f"{repeats} rows hold a value of {name} that another row holds" if repeats else "no value twice"
            verdicts.append(
                CheckResult(f"{name}_is_unique", not repeats, text, True, tuple(self._repeating.get(name, ())))
            )
        return verdicts

    def _counts(self) -> Iterator[CheckResult]:
        """Check the numbers of rows and rejects. Where a gate closes by them, rejects are shown once."""
        gate, share = self.contract.gate, self.rejects / max(self.rows + self.rejects, 1)
        is_enough, are_few = self.rows >= gate.min_rows, share <= gate.max_reject_share
        shown, text = tuple(self.rejected), f"{self.rejects} rejects, {share:.1%} of all{self._main_reasons()}"
        wanted = f"{self.rows} rows, at least {gate.min_rows} wanted"
        yield CheckResult(ENOUGH, is_enough, wanted, failing=() if is_enough else shown)
        allowed = f"{text}; at most {gate.max_reject_share:.0%} allowed"
        yield CheckResult("few_rejects", are_few, allowed, failing=shown if is_enough and not are_few else ())
        warned = f"{text}; more than {gate.warn_reject_share:.0%} warns"
        yield CheckResult("reject_rate", share <= gate.warn_reject_share, warned, blocking=False)
        if gate.goal_rows is not None:
            reached = f"{self.rows} of the {gate.goal_rows} rows that are wanted"
            yield CheckResult(GOAL, self.rows >= gate.goal_rows, reached, blocking=False)

    def _main_reasons(self) -> str:
        most = sorted(self.reasons.items(), key=lambda each: -each[1])[:_MOST_REASONS]
        return f" ({', '.join(f'{count} {reason}' for reason, count in most)})" if most else ""


@dataclass(slots=True)
class RelationshipCheck:
    """The relationships of a table: is given every row that goes in, and keeps only the values."""

    relationships: Sequence[Relationship]
    _values: dict[str, set[object]] = field(default_factory=dict)

    def add(self, rows: Iterable[Values]) -> None:
        """Remembers the values that must be in another table."""
        for row in rows if self.relationships else ():
            for each in self.relationships:
                if (value := row.get(each.column)) is not None:
                    self._values.setdefault(each.column, set()).add(value)

    def verdicts(self, lake: Lake) -> Iterator[CheckResult]:
        """Return for each relationship whether the other table has every value; those that it lacks are shown."""
        for each in self.relationships:
            values = sorted(self._values.get(each.column, ()), key=str)
            known = f'(SELECT "{each.to_column}" FROM {each.to_table})'
            sql = f"SELECT value FROM (SELECT unnest(?) AS value) WHERE value NOT IN {known}"
            missing = [row["value"] for row in lake.rows(sql, (values,))] if values else []
            target = f"{each.to_table}.{each.to_column}"
            text = f"{len(missing)} values of {each.column} are not in {target}" if missing else f"all are in {target}"
            failing = tuple({each.column: value} for value in missing[:SHOWN])
            yield CheckResult(relationship_check_name(each), not missing, text, True, failing)


def _unique_names(contract: Contract) -> list[str]:
    return ["row_id", *(column.name for column in contract.columns if column.unique)]


def check_names(contract: Contract) -> dict[str, bool]:
    """Return the checks that a commit of this contract reports, and which of them are gates."""
    names = {"rows_are_valid": True, ENOUGH: True, "few_rejects": True, "reject_rate": False}
    names.update({GOAL: False} if contract.gate.goal_rows is not None else {})
    names.update({f"{name}_is_unique": True for name in _unique_names(contract)})
    names.update({relationship_check_name(each): True for each in contract.relationships})
    return names


def relationship_check_name(relationship: Relationship) -> str:
    """Return the name of the check of a relationship."""
    return f"{relationship.column}_is_in_{relationship.to_table.replace('.', '_')}"
