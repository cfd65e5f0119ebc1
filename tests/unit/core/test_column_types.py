"""A type of column is declared in one module, where accepting, reading and storing fit together; nobody lists types."""

import ast
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, get_args

import pyarrow as pa
import pytest

import synth_assets
from synth_assets.core.column_types import (
    TYPES,
    ColumnType,
    convert,
    infer_type,
    infer_type_from_arrow,
    infer_type_from_duckdb,
)
from synth_assets.core.contract import Column

EVERY_TYPE = pytest.mark.parametrize("column_type", TYPES)
PACKAGE = Path(synth_assets.__file__).parent


def test_the_names_for_the_type_checker_are_those_of_the_table() -> None:
    assert get_args(ColumnType) == tuple(TYPES)


def names_in(node: ast.AST) -> set[str]:
    """The types that a literal collection, a union of Literal or a match lists."""
    children: list[ast.expr | None] = []
    if isinstance(node, ast.Dict):
        children = [*node.keys, *node.values]
    elif isinstance(node, ast.Tuple | ast.List | ast.Set):
        children = [*node.elts]
    elif isinstance(node, ast.Match):
        children = [case.pattern.value for case in node.cases if isinstance(case.pattern, ast.MatchValue)]
    return {str(child.value) for child in children if isinstance(child, ast.Constant)} & TYPES.keys()


def test_no_other_module_lists_the_types() -> None:
    lists = {
        str(path.relative_to(PACKAGE))
        for path in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if len(names_in(node)) > len(TYPES) / 2
    }
    assert lists == {"core/column_types.py"}


@EVERY_TYPE
def test_what_stands_in_for_a_value_is_a_value_that_can_be_stored(column_type: ColumnType) -> None:
    kind = TYPES[column_type]
    value = kind.placeholder(Column("value", column_type), "some words")
    assert kind.accepts(value)
    array = pa.array([kind.to_arrow(value)], kind.arrow())
    assert array.null_count == 0
    assert not kind.has_gaps(array)


@EVERY_TYPE
def test_a_stored_column_is_recognised(column_type: ColumnType) -> None:
    kind = TYPES[column_type]
    same_as = "text" if column_type == "json" else column_type  # JSON is stored as text
    assert kind.is_cast_from(kind.arrow())
    assert infer_type_from_arrow(kind.arrow()) == same_as
    assert infer_type_from_duckdb(kind.duckdb) == same_as


MESSAGES = pa.struct([("content", pa.large_string()), ("role", pa.string())])


@pytest.mark.parametrize(
    ("arrow", "column_type"),
    [
        (pa.null(), "text"),
        (pa.date32(), "text"),
        (pa.time64("us"), "text"),
        (pa.uint64(), "integer"),
        (pa.decimal128(38, 0), "integer"),
        (pa.decimal128(38, 2), "number"),
        (pa.float32(), "number"),
        (pa.timestamp("ns"), "timestamp"),
        (pa.large_list(pa.large_string()), "texts"),
        (pa.list_(MESSAGES), "dialog"),
        (pa.list_(pa.int64()), "json"),
        (pa.struct([("a", pa.int64())]), "json"),
        (pa.binary(), "json"),
    ],
)
def test_a_column_of_a_query_is_of_the_type_that_arrow_gives_it(arrow: pa.DataType, column_type: ColumnType) -> None:
    assert infer_type_from_arrow(arrow) == column_type


@pytest.mark.parametrize(
    ("value", "column_type"),
    [
        ("words", "text"),
        (True, "boolean"),
        (3, "integer"),
        (2**70, "number"),
        (0.5, "number"),
        ([], "dialog"),
        ([{"role": "user", "content": "Hi"}], "dialog"),
        (["a", "b"], "texts"),
        ([1, 2], "json"),
        ({"a": 1}, "json"),
        (object(), "json"),
    ],
)
def test_a_value_is_of_the_first_type_that_reads_it(value: object, column_type: ColumnType) -> None:
    assert infer_type(value) == column_type


@pytest.mark.parametrize(
    ("column_type", "value", "kept"),
    [
        ("integer", Decimal(3), 3),
        ("integer", Decimal("1.5"), 1.5),
        ("number", Decimal("1.5"), 1.5),
        ("text", date(2026, 11, 1), "2026-11-01"),
        ("text", 3, "3"),
        ("text", None, None),
        ("json", date(2026, 11, 1), "2026-11-01"),
        ("timestamp", datetime(2026, 11, 1), datetime(2026, 11, 1)),  # noqa: DTZ001
    ],
)
def test_a_value_of_a_query_becomes_one_of_a_row(column_type: ColumnType, value: Any, kept: Any) -> None:
    assert TYPES[column_type].from_query(value) == kept


@pytest.mark.parametrize(
    ("column_type", "text", "value"),
    [
        ("integer", "3", 3),
        ("number", "0.5", 0.5),
        ("boolean", " TRUE", True),
        ("json", '{"a": [1]}', {"a": [1]}),
        ("texts", '["a"]', ["a"]),
        ("text", "3", "3"),
    ],
)
def test_a_value_that_was_written_as_text_is_read(column_type: ColumnType, text: str, value: object) -> None:
    assert convert(text, column_type, spelled=True) == value
