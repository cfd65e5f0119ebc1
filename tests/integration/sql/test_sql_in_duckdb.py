"""What the checks say of a SELECT is what DuckDB says of it: names, types, and which are refused."""

import re
from collections.abc import Iterator

import duckdb
import pytest

from synth_assets.sql import check_models, narrow_to_partition, output_columns
from tests.support.sql_shapes import FAULTS, KNOWN, SHAPES, model


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
def test_a_valid_select_runs_and_has_the_inferred_columns(shell: duckdb.DuckDBPyConnection, sql: str) -> None:
    described = shell.sql(f"DESCRIBE {model(sql).sql}").fetchall()
    made = {name: kind for name, kind, *_ in described}
    columns = output_columns(model(sql), KNOWN)
    assert list(columns) == list(made)
    for name, kind in columns.items():
        if kind:
            (spelled,) = shell.sql(f"SELECT typeof(NULL::{kind})").fetchone() or ()
            assert (name, spelled) == (name, made[name])


EXPRESSIONS = """
count(*); count(DISTINCT n); sum(n); sum(score); avg(n); n / 2; n + id; n * 1.5; 1.5; 10000000000; 'a'; true; NULL
n > 1; n IS NULL; n IN (1, 2); NOT (n > 1); n BETWEEN 1 AND 2; label LIKE 'a%'; n > 1 AND id > 1
max(n); max(n, 2); min(label); first(n); any_value(id); arg_max(label, n); max(messages); max(n) FILTER (WHERE id > 1)
row_number() OVER (); rank() OVER (ORDER BY n); sum(n) OVER (); max(id) OVER (PARTITION BY n); lag(n) OVER (ORDER BY n)
n::DECIMAL(10, 2); n::TEXT; try_cast(label AS DATE); now(); current_timestamp; current_date; now() - now()
messages[1]; messages[1].role; meta.cost; meta['model']; messages[1:2]; [n, id]; {'a': n}; list(n); unnest(messages)
(SELECT max(n) FROM mitall.raw); coalesce(n, 1.5); CASE WHEN n > 1 THEN 1 ELSE 2.5 END; round(n); sign(n)
"""


@pytest.mark.parametrize("expression", [part.strip() for part in re.split(r"[;\n]", EXPRESSIONS) if part.strip()])
@pytest.mark.parametrize("form", ["SELECT {} AS x FROM {}", "WITH a AS (SELECT {} AS y FROM {}) SELECT y AS x FROM a"])
def test_an_inferred_type_is_the_type_that_duckdb_makes(
    shell: duckdb.DuckDBPyConnection, expression: str, form: str
) -> None:
    sql = form.format(expression, "mitall.raw JOIN (SELECT id AS i, label, score FROM mitall.votes) v ON i = raw.id")
    inferred = output_columns(model(sql), KNOWN)["x"]
    (real,) = shell.sql(f"SELECT column_type FROM (DESCRIBE {sql})").fetchone() or ()
    assert inferred in ("", real)


@pytest.mark.parametrize(("sql", "refused"), [(fault[0], fault[3]) for fault in FAULTS.values()], ids=FAULTS)
def test_duckdb_refuses_what_the_checks_refuse(shell: duckdb.DuckDBPyConnection, sql: str, refused: bool) -> None:
    assert check_models([model(sql)], KNOWN)
    if refused:
        with pytest.raises(duckdb.Error):
            shell.execute(sql)
    else:  # a table wants more of its columns than an answer on the screen
        shell.execute(sql)


@pytest.fixture(scope="module")
def partitioned(shell: duckdb.DuckDBPyConnection) -> Iterator[duckdb.DuckDBPyConnection]:
    """The same tables, in three partitions: two days, and what belongs to every day."""
    with duckdb.connect() as connection:
        connection.execute("ATTACH ':memory:' AS lake; USE lake")
        for table, columns in KNOWN.items():
            connection.execute(f"CREATE SCHEMA IF NOT EXISTS {table.split('.')[0]}")
            spelled = ", ".join(f"NULL::{kind} AS {name}" for name, kind in columns.items() if name != "id")
            days = "(VALUES (1, 'mon'), (2, 'tue'), (3, 'all')) AS days(id, partition_key)"
            connection.execute(f"CREATE TABLE {table} AS SELECT id::BIGINT AS id, {spelled}, partition_key FROM {days}")
        yield connection


@pytest.mark.parametrize("sql", [sql for sql, _ in SHAPES.values() if "v(a, b, c)" not in sql])
def test_every_shape_can_be_narrowed_to_a_partition(partitioned: duckdb.DuckDBPyConnection, sql: str) -> None:
    whole = [name for name, *_ in partitioned.sql(f"DESCRIBE {model(sql).sql}").fetchall()]
    part = [name for name, *_ in partitioned.sql(f"DESCRIBE {narrow_to_partition(model(sql), 'mon')}").fetchall()]
    assert part == whole


@pytest.mark.parametrize(
    ("sql", "ids"),
    [
        ("SELECT id FROM mitall.raw ORDER BY id", [1, 3]),
        ('SELECT "id" FROM lake."mitall" . raw /* a -- b */ ORDER -- why\n BY lake.mitall.raw.id', [1, 3]),
        (
            "WITH raw AS (SELECT id FROM mitall.raw) SELECT id FROM raw SEMI JOIN news.raw n USING (id) ORDER BY 1",
            [1, 3],
        ),
        ("SELECT r.id FROM mitall.raw AS r WHERE id IN (SELECT v.id FROM mitall.votes v WHERE v.id < 3)", [1]),
        ("SELECT id FROM mitall.raw UNION ALL SELECT id + 10 FROM mitall.votes ORDER BY id", [1, 3, 11, 13]),
        ("SELECT 'mitall.raw' || id AS id FROM mitall.raw ORDER BY id", ["mitall.raw1", "mitall.raw3"]),
    ],
)
def test_only_the_partition_and_what_belongs_to_all_is_read(
    partitioned: duckdb.DuckDBPyConnection, sql: str, ids: list[object]
) -> None:
    assert [row[0] for row in partitioned.sql(narrow_to_partition(model(sql), "mon")).fetchall()] == ids


def test_the_name_of_a_partition_is_a_text_and_nothing_else(partitioned: duckdb.DuckDBPyConnection) -> None:
    sql = narrow_to_partition(model("SELECT id FROM mitall.raw"), "x') OR ('' = '")
    assert partitioned.sql(sql).fetchall() == [(3,)]
