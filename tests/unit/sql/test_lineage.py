"""Column lineage and output columns, for every shape of SELECT that models are written in."""

import pytest

from synth_assets.sql import check_models, column_lineage, output_columns
from tests.support.sql_shapes import KNOWN, SHAPES, Origins, model


@pytest.mark.parametrize(("sql", "expected"), SHAPES.values(), ids=SHAPES)
def test_each_column_is_traced_to_its_tables(sql: str, expected: Origins) -> None:
    found = column_lineage(model(sql), KNOWN)
    assert {name: set(origins) for name, origins in found.items()} == expected
    assert all(list(origins) == sorted(set(origins)) for origins in found.values())


@pytest.mark.parametrize(("sql", "expected"), SHAPES.values(), ids=SHAPES)
def test_a_good_select_has_no_faults_and_its_columns(sql: str, expected: Origins) -> None:
    assert check_models([model(sql)], KNOWN) == []
    assert set(output_columns(model(sql), KNOWN)) == set(expected)


@pytest.mark.parametrize(("sql", "expected"), SHAPES.values(), ids=SHAPES)
def test_its_inputs_are_the_tables_and_no_cte(sql: str, expected: Origins) -> None:
    inputs = set(model(sql).inputs)
    assert inputs <= set(KNOWN)
    assert {table for origins in expected.values() for table, _ in origins} <= inputs


def test_types_are_told_where_the_text_tells_them() -> None:
    sql = "SELECT id, messages, meta.cost.usd, count(*) AS c, max(id) AS top, sum(n) AS s FROM mitall.raw GROUP BY ALL"
    assert output_columns(model(sql), KNOWN) == {
        "id": "BIGINT",
        "messages": KNOWN["mitall.raw"]["messages"],
        "usd": "DOUBLE",
        "c": "BIGINT",
        "top": "BIGINT",
        "s": "",
    }


def test_a_chain_of_ctes_that_fork_takes_no_time() -> None:
    """Each of 40 steps reads two columns of the one before: 2^40 ways, 80 steps."""
    steps = ["s0 AS (SELECT id AS a, n AS b FROM mitall.raw)"]
    steps += [f"s{k} AS (SELECT a + b AS a, a - b AS b FROM s{k - 1})" for k in range(1, 40)]
    found = column_lineage(model(f"WITH {', '.join(steps)} SELECT a FROM s39"), KNOWN)
    assert found == {"a": (("mitall.raw", "id"), ("mitall.raw", "n"))}
