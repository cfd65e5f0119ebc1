"""The rules of a contract, each declared once: its words, and how it is checked in a row, in Arrow and by Pandera.

Pandera's form is the row form, applied to each value: what Pandera says is what the contract means. The other two are
faster, and a test holds them to Pandera's verdict for every type and every constraint.
"""

import operator
from collections.abc import Callable
from dataclasses import dataclass, fields
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeAlias

from synth_assets.core.canonical import content_hash
from synth_assets.core.column_types import TYPES, Array, is_number
from synth_assets.core.contract import Column, Contract
from synth_assets.core.errors import ContractError

if TYPE_CHECKING:
    import pandera.pandas as pa

Accepts: TypeAlias = Callable[[Any], bool]

REPEATED = "holds a value that another row holds"


@dataclass(frozen=True, slots=True)
class Rule:
    """What one constraint of a column demands of every value that is not missing."""

    constraint: str
    """The field of `Column` that sets it."""
    failure: Callable[[Column], str]
    """The words for a value that fails."""
    description: Callable[[Column], str]
    """The words for people who read the table's columns; empty where the column shows it anyway."""
    accepts: Callable[[Column], Accepts]
    """Builds the check of one value, of whatever type."""
    accepts_array: Callable[[Column, Array], bool]
    """Tells whether all values of an array pass: it is of the stored type, and nothing is missing in it."""


def _accepted(column: Column) -> Accepts:
    accepted, texts_in = frozenset(column.accepted), TYPES[column.type].texts_in
    return lambda value: accepted.issuperset(texts_in(value))


def _accepted_array(column: Column, array: Array) -> bool:
    import pyarrow as pa
    import pyarrow.compute as pc

    accepted = pa.array(column.accepted, pa.string())
    is_accepted = pc.is_in(TYPES[column.type].texts_in_array(array), value_set=accepted)
    return bool(pc.all(is_accepted, min_count=0).as_py())


def _length_rule(constraint: str, compare: Callable[[Any, Any], bool], failure: str, description: str) -> Rule:
    def accepts(column: Column) -> Accepts:
        limit = getattr(column, constraint)
        return lambda value: not hasattr(value, "__len__") or compare(len(value), limit)

    return Rule(
        constraint,
        failure=lambda column: f"is {failure} than {getattr(column, constraint)}",
        description=lambda column: f"{description} {getattr(column, constraint)} long",
        accepts=accepts,
        accepts_array=lambda column, array: _all_compare(
            TYPES[column.type].lengths(array), compare, getattr(column, constraint)
        ),
    )


def _range_rule(constraint: str, compare: Callable[[Any, Any], bool], failure: str, description: str) -> Rule:
    def accepts(column: Column) -> Accepts:
        limit = getattr(column, constraint)
        return lambda value: not is_number(value) or compare(value, limit)

    return Rule(
        constraint,
        failure=lambda column: f"is {failure} than {getattr(column, constraint):g}",
        description=lambda column: f"{description} {getattr(column, constraint)}",
        accepts=accepts,
        accepts_array=lambda column, array: _all_compare(array, compare, getattr(column, constraint)),
    )


def _all_compare(array: Array, compare: Callable[[Any, Any], bool], limit: float) -> bool:
    """Compare the two ends of an array in Python, which compares whole numbers with others exactly."""
    import pyarrow.compute as pc

    return not len(array) or all(compare(end, limit) for end in pc.min_max(array).as_py().values())


RULES = (
    Rule(
        "type",
        failure=lambda column: f"is not of type {column.type}",
        description=lambda column: "",
        accepts=lambda column: TYPES[column.type].accepts,
        accepts_array=lambda column, array: not TYPES[column.type].has_gaps(array),
    ),
    Rule(
        "accepted",
        failure=lambda column: (
            f"{'holds what is' if column.type == 'texts' else 'is'} none of {', '.join(column.accepted)}"
        ),
        description=lambda column: f"one of {', '.join(column.accepted)}",
        accepts=_accepted,
        accepts_array=_accepted_array,
    ),
    _length_rule("min_length", operator.ge, "shorter", "at least"),
    _length_rule("max_length", operator.le, "longer", "at most"),
    _range_rule("minimum", operator.ge, "less", "at least"),
    _range_rule("maximum", operator.le, "more", "at most"),
)
_ELSEWHERE = {
    "name": "says nothing of values",
    "description": "says nothing of values",
    "nullable": "in the three forms below: a missing value meets no other rule",
    "unique": "of the whole table: TableCheck, and Pandera's form below",
}


def raise_if_uncovered(column_class: type[Column], rules: tuple[Rule, ...] = RULES) -> None:
    """Raise TypeError where a field of `Column` is checked by no rule: it would pass in silence."""
    uncovered = {field.name for field in fields(column_class)} - {rule.constraint for rule in rules} - set(_ELSEWHERE)
    if uncovered:
        raise TypeError(f"no rule in {__name__} checks {', '.join(sorted(uncovered))} of a column")


raise_if_uncovered(Column)


def rules_of(column: Column) -> list[Rule]:
    """Return the rules that a column sets; ContractError where one means nothing for its type."""
    if misfit := column.misfit():
        raise ContractError(misfit)
    return [rule for rule in RULES if getattr(column, rule.constraint) not in (None, ())]


def is_missing(value: object) -> bool:
    """Tell whether Pandas takes a value for one that is missing."""
    return value is None or (isinstance(value, float | datetime) and value != value)


def unique_key(value: object) -> str:
    """Return a text that two values share only if they are equal."""
    if isinstance(value, str):
        return value
    if isinstance(value, float) and value.is_integer():
        value = int(value)  # as it equals one
    return content_hash("unique/1", value if isinstance(value, int) else str(value))


# The form for a row


def value_check(column: Column) -> Accepts:
    """Return the check of one value by every rule of its column."""
    checks, nullable = [rule.accepts(column) for rule in rules_of(column)], column.nullable

    def accepts(value: object) -> bool:
        return nullable if is_missing(value) else all(check(value) for check in checks)

    return accepts


# The form for an array


def array_passes(column: Column, array: Array) -> bool:
    """Tell whether every value of an array of the stored type passes every rule of its column."""
    present = _without_missing(array)
    if not column.nullable and len(present) < len(array):
        return False
    return all(rule.accepts_array(column, present) for rule in rules_of(column))


def _without_missing(array: Array) -> Array:
    import pyarrow.compute as pc
    from pyarrow import types

    present = array.drop_null()
    return present.filter(pc.invert(pc.is_nan(present))) if types.is_floating(array.type) else present


# The form for Pandera


def pandera_schema(contract: Contract, name: str = "") -> "pa.DataFrameSchema":
    """Return the Pandera schema of a contract's table."""
    import pandera.pandas as pa

    return pa.DataFrameSchema(
        {column.name: _pandera_column(column) for column in contract.columns},
        name=name or None,
        description=contract.description or None,
    )


def _pandera_column(column: Column) -> "pa.Column":
    import pandera.pandas as pa

    checks = {rule.failure(column): _each(rule.accepts(column)) for rule in rules_of(column)}
    if column.unique:
        checks[REPEATED] = _is_first
    return pa.Column(
        None,
        [pa.Check(check, name=words, error=words) for words, check in checks.items()],
        nullable=column.nullable,
        description=column.description or None,
        required=True,
    )


def _each(accepts: Accepts) -> Callable[[Any], Any]:
    return lambda series: _values(series).map(accepts).astype(bool)


def _is_first(series: Any) -> Any:
    return ~_values(series).map(unique_key).duplicated()


def _values(series: Any) -> Any:
    """Return the values as rows hold them: in a frame, whole numbers beside one that is missing are floats."""
    return series if series.dtype == object else series.convert_dtypes()
