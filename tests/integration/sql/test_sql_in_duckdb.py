"""What the checks say of a SELECT is what DuckDB says of it: names, types, and which are refused."""

from collections.abc import Iterator

import duckdb
import pytest

from synth_assets.sql import check_models, output_columns
from tests.unit.sql.shapes import FAULTS, KNOWN, SHAPES, model


@pytest.fixture(scope="module")
def shell() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute("ATTACH ':memory:' AS lake; USE lake")
        for table, columns in KNOWN.items():
            connection.execute(f"CREATE SCHEMA IF NOT EXISTS {table.split('.')[0]}")
            spelled = ", ".join(f"{name} {kind}" for name, kind in columns.items())
            connection.execute(f"CREATE TABLE {table} ({spelled})")
        yield connection


@pytest.mark.parametrize("sql", [sql for sql, _ in SHAPES.values()], ids=SHAPES)
def test_a_select_without_faults_runs_with_the_columns_that_were_told(
    shell: duckdb.DuckDBPyConnection, sql: str
) -> None:
    described = shell.sql(f"DESCRIBE {model(sql).sql}").fetchall()
    made = {name: kind for name, kind, *_ in described}
    told = output_columns(model(sql), KNOWN)
    assert list(told) == list(made)
    for name, kind in told.items():
        if kind:
            (spelled,) = shell.sql(f"SELECT typeof(NULL::{kind})").fetchone() or ()
            assert (name, spelled) == (name, made[name])


@pytest.mark.parametrize(("sql", "refused"), [(fault[0], fault[3]) for fault in FAULTS.values()], ids=FAULTS)
def test_duckdb_refuses_what_the_checks_refuse(shell: duckdb.DuckDBPyConnection, sql: str, refused: bool) -> None:
    assert check_models([model(sql)], KNOWN)
    if refused:
        with pytest.raises(duckdb.Error):
            shell.execute(sql)
    else:  # a table wants more of its columns than an answer on the screen
        shell.execute(sql)
