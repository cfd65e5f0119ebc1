"""The rules of a contract: their forms for rows and for Arrow say what Pandera says; no constraint goes unchecked."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pandas as pd
import pandera.errors
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synth_assets.core.column_types import CONSTRAINTS, TYPES, ColumnType
from synth_assets.core.contract import Column, Contract
from synth_assets.core.errors import ContractError
from synth_assets.engine.checks.column_check import accept_columns
from synth_assets.engine.checks.row_check import RowCheck, pandera_faults
from synth_assets.engine.checks.rules import RULES, pandera_schema, raise_if_uncovered, unique_key
from synth_assets.engine.checks.table_check import TableCheck
from synth_assets.lake import to_rows
from synth_assets.lake.names import arrow_schema, columns_of
from synth_assets.lake.values import record_batch

WORDS = st.sampled_from(["", "a", "b", "ab", "abc", "ä😀"])
MESSAGES = st.fixed_dictionaries({"role": st.sampled_from(["user", "assistant"]), "content": WORDS})
MOMENTS = st.datetimes(datetime(1800, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
VALUES: dict[ColumnType, st.SearchStrategy[Any]] = {
    "text": WORDS,
    "integer": st.integers(-3, 3) | st.sampled_from([2**60, -(2**63), 2**53 + 1]),
    "number": st.integers(-3, 3) | st.floats(-3, 3) | st.sampled_from([math.nan, math.inf, -math.inf]),
    "boolean": st.booleans(),
    "timestamp": MOMENTS,
    "dialog": st.lists(MESSAGES, max_size=3),
    "texts": st.lists(WORDS, max_size=3),
    "json": WORDS | st.integers(-3, 3) | st.dictionaries(WORDS, WORDS, max_size=2) | st.lists(WORDS, max_size=2),
}
LIMITS: dict[str, st.SearchStrategy[Any]] = {
    "accepted": st.lists(WORDS, max_size=3, unique=True).map(tuple),
    "min_length": st.none() | st.integers(0, 3),
    "max_length": st.none() | st.integers(0, 3),
    "minimum": st.none() | st.integers(-3, 3) | st.floats(-3, 3) | st.just(2**53 + 2),
    "maximum": st.none() | st.integers(-3, 3) | st.floats(-3, 3) | st.just(2**53),
}
ODD = st.one_of(
    st.sampled_from([None, math.nan, pd.NaT, True, b"a", ("a",), [1], ["a", None], Decimal(1), {"role": "user"}]),
    st.sampled_from([[{"role": "user"}], [{"role": "user", "content": None}], "2026-01-01", 2**70]),
    *VALUES.values(),
)
EVERY_TYPE = pytest.mark.parametrize("column_type", TYPES)


def columns_of_type(column_type: ColumnType) -> st.SearchStrategy[Column]:
    limits = {name: LIMITS[name] for name in sorted(TYPES[column_type].constraints)}
    return st.builds(Column, st.just("value"), st.just(column_type), nullable=st.booleans(), **limits)


@EVERY_TYPE
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_row_passes_where_pandera_finds_no_fault(column_type: ColumnType, data: st.DataObject) -> None:
    contract = Contract((data.draw(columns_of_type(column_type)),))
    values = data.draw(st.lists(VALUES[column_type] | ODD, min_size=1, max_size=8))
    rows = [{"value": value} for value in values]
    assert RowCheck(contract).faults(rows) == pandera_faults(pandera_schema(contract), rows)


@EVERY_TYPE
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_stored_columns_pass_where_pandera_finds_no_fault(column_type: ColumnType, data: st.DataObject) -> None:
    contract = Contract((data.draw(columns_of_type(column_type)),))
    values = data.draw(st.lists(st.none() | VALUES[column_type], max_size=8))
    schema = arrow_schema(contract, ids=False, calls=False)
    batch = record_batch(
        [{"value": value} for value in values], columns_of(contract, ids=False, calls=False), schema, "all"
    )
    accepted = accept_columns(batch, contract)
    assert (accepted is not None) == (not pandera_faults(pandera_schema(contract), to_rows(batch)))
    assert accepted is None or str(accepted["value"]) == str(batch.column("value"))


MESSAGE = pa.struct([("role", pa.string()), ("content", pa.string())])
SWAPPED = pa.struct([("content", pa.string()), ("role", pa.string())])
COUNTED = pa.struct([("role", pa.string()), ("content", pa.int64())])
GAPS = st.lists(st.none() | st.fixed_dictionaries({"role": st.none() | WORDS, "content": st.none() | WORDS}))
FOUND: list[tuple[pa.DataType, st.SearchStrategy[Any]]] = [
    (pa.large_string(), WORDS),
    (pa.int8(), st.integers(-3, 3)),
    (pa.uint32(), st.integers(0, 3)),
    (pa.uint64(), st.integers(0, 2**64 - 1)),
    (pa.int64(), VALUES["integer"]),
    (pa.float32(), st.floats(-3, 3, width=32) | st.just(math.nan)),
    (pa.decimal128(38, 0), st.integers(-3, 3).map(Decimal)),
    (pa.decimal128(9, 2), st.decimals(-3, 3, places=2)),
    (pa.bool_(), st.booleans()),
    (pa.date32(), st.dates()),
    (pa.timestamp("ns"), st.integers(0, 10**18)),
    (pa.timestamp("s", tz="Asia/Tokyo"), st.integers(-(2**33), 2**33)),
    (pa.list_(pa.string()), st.lists(st.none() | WORDS, max_size=3)),
    (pa.large_list(pa.string()), st.lists(WORDS, max_size=3)),
    (pa.list_(MESSAGE), GAPS),
    (pa.list_(SWAPPED), GAPS),
    (pa.list_(COUNTED), st.lists(st.fixed_dictionaries({"role": WORDS, "content": st.integers(0, 3)}), max_size=2)),
    (pa.null(), st.none()),
    (pa.binary(), st.binary(max_size=3)),
]


@pytest.mark.parametrize(("found", "values"), FOUND, ids=[str(found) for found, _ in FOUND])
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_column_of_any_arrow_type_is_never_accepted_against_pandera(
    found: pa.DataType, values: st.SearchStrategy[Any], data: st.DataObject
) -> None:
    fitting = [name for name, kind in TYPES.items() if kind.is_cast_from(found) or kind.is_inferred_from(found)]
    column = data.draw(st.sampled_from(fitting).flatmap(columns_of_type))
    array = pa.array(data.draw(st.lists(st.none() | values, max_size=6)), found)
    batch = pa.record_batch({"value": array})
    accepted = accept_columns(batch, Contract((column,)))
    if accepted is None:
        return
    assert accepted["value"].type == TYPES[column.type].arrow()
    assert pandera_faults(pandera_schema(Contract((column,))), to_rows(batch)) == {}


@EVERY_TYPE
@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_pandera_finds_the_repeated_values_that_the_check_of_the_table_finds(
    column_type: ColumnType, data: st.DataObject
) -> None:
    contract = Contract((Column("value", column_type, nullable=True, unique=True),))
    values = data.draw(st.lists(st.none() | VALUES[column_type], max_size=6))
    rows = [{"value": value} for value in values]
    table = TableCheck(contract)
    table.add({**row, "row_id": str(index)} for index, row in enumerate(rows))
    (unique,) = [verdict for verdict in table.verdicts() if verdict.name == "value_is_unique"]
    faults = pandera_faults(pandera_schema(contract), rows)
    assert unique.passed == (not faults)
    assert set(faults.values()) <= {"value holds a value that another row holds"}


def test_a_schema_reads_the_whole_table_as_a_frame() -> None:
    schema = pandera_schema(
        Contract((Column("label", "text", unique=True, accepted=("a", "b")),), "labels"), "my.labels"
    )
    frame = pd.DataFrame({"label": ["a", "b"]})
    pd.testing.assert_frame_equal(schema.validate(frame), frame)
    with pytest.raises(pandera.errors.SchemaError, match="another row holds"):
        schema.validate(pd.DataFrame({"label": ["a", "a"]}))
    with pytest.raises(pandera.errors.SchemaError, match="is none of a, b"):
        schema.validate(pd.DataFrame({"label": ["a", "c"]}))


def test_whole_numbers_beside_one_that_is_missing_are_whole_in_a_frame_too() -> None:
    schema = pandera_schema(Contract((Column("n", "integer", nullable=True, unique=True),)))
    schema.validate(pd.DataFrame({"n": [1, None, 2]}))
    for wrong in ([1.5, None], [1, None, 1]):
        with pytest.raises(pandera.errors.SchemaError):
            schema.validate(pd.DataFrame({"n": wrong}))


def test_a_constraint_that_no_rule_covers_is_an_error() -> None:
    @dataclass(frozen=True, slots=True)
    class PatternColumn(Column):
        pattern: str | None = None

    with pytest.raises(TypeError, match=r"no rule .* checks pattern of a column"):
        raise_if_uncovered(PatternColumn)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.constraint)
def test_every_constraint_needs_its_rule(rule: Any) -> None:
    with pytest.raises(TypeError, match=rule.constraint):
        raise_if_uncovered(Column, tuple(other for other in RULES if other is not rule))


def test_the_types_name_constraints_that_have_rules() -> None:
    assert {rule.constraint for rule in RULES} == CONSTRAINTS | {"type"}
    assert LIMITS.keys() == CONSTRAINTS
    assert VALUES.keys() == TYPES.keys()


CHECKS: list[Callable[[Contract], object]] = [
    RowCheck,
    pandera_schema,
    lambda contract: accept_columns(pa.record_batch({"n": pa.array([1])}), contract),
]


@pytest.mark.parametrize("check", CHECKS, ids=["rows", "Pandera", "Arrow"])
def test_a_constraint_that_means_nothing_for_its_type_is_an_error(check: Callable[[Contract], object]) -> None:
    with pytest.raises(ContractError, match="n is of type integer, which takes no min_length"):
        check(Contract((Column("n", "integer", min_length=1),)))


def test_equal_values_share_a_key_and_others_do_not() -> None:
    values = ["a", 1, True, 1.5, math.inf, ["a"], {"a": 1}, None]
    assert unique_key(["a"]) == unique_key(["a"])
    assert unique_key(1) == unique_key(1.0)
    assert len({unique_key(value) for value in values}) == len(values)


def test_a_missing_number_is_not_one_that_is_there_twice() -> None:
    table = TableCheck(Contract((Column("x", "number", nullable=True, unique=True),)))
    table.add([{"row_id": "a", "x": math.nan}, {"row_id": "b", "x": math.nan}])
    assert all(verdict.passed for verdict in table.verdicts())
