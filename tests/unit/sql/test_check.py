"""`synth check` on SQL models: every fault is named with its line before anything runs."""

from pathlib import Path

import pytest

from synth_assets.core.contract import Column, Contract, Relationship
from synth_assets.core.errors import RecipeError
from synth_assets.sql import check_models, sort_models
from synth_assets.sql.model import Extras, Freshness
from tests.support.sql_shapes import FAULTS, KNOWN, model


@pytest.mark.parametrize(("sql", "line", "message", "refused"), FAULTS.values(), ids=FAULTS)
def test_a_fault_is_named_with_its_line(sql: str, line: int, message: str, refused: bool) -> None:
    (error,) = check_models([model(sql)], KNOWN)
    assert error.where == f"dbt_like_sql/shop/shelf.sql:{line}"
    assert message in error.message


def test_every_fault_of_a_model_is_told() -> None:
    sql = "SELECT lable,\n  scor\nFROM mitall.votes\nWHERE idd > 1"
    lines = [error.where for error in check_models([model(sql)], KNOWN)]
    assert lines == [f"dbt_like_sql/shop/shelf.sql:{line}" for line in (1, 2, 4)]


def test_a_model_can_read_a_model() -> None:
    shelf = model("SELECT id AS key, label FROM mitall.votes", "shop.shelf")
    good = model("SELECT key, row_id, parent_ids FROM shop.shelf", "shop.good")
    bad = model("SELECT id FROM shop.shelf", "shop.bad")
    (error,) = check_models([bad, good, shelf], KNOWN)
    assert str(error) == 'dbt_like_sql/shop/bad.sql:1: shop.shelf has no column "id"'


def test_what_reads_a_broken_model_is_not_blamed() -> None:
    broken = model("SELECT idd AS id FROM mitall.votes", "shop.broken")
    reader = model("SELECT whatever, b.id FROM shop.broken b", "shop.reader")
    (error,) = check_models([reader, broken], KNOWN)
    assert "broken.sql" in str(error)


def test_an_old_table_of_the_same_model_says_nothing_about_the_new_one() -> None:
    shelf = model("SELECT id AS key FROM mitall.votes", "shop.shelf")
    reader = model("SELECT key FROM shop.shelf", "shop.reader")
    assert check_models([shelf, reader], KNOWN | {"shop.shelf": {"old": "VARCHAR"}}) == []


@pytest.mark.parametrize(
    ("texts", "circle"),
    [
        ({"shop.a": "SELECT id FROM shop.a"}, "shop.a reads shop.a"),
        (
            {"shop.a": "SELECT id FROM shop.b", "shop.b": "SELECT id FROM shop.a"},
            "shop.a reads shop.b reads shop.a",
        ),
    ],
)
def test_a_circle_is_named(texts: dict[str, str], circle: str) -> None:
    models = [model(sql, table) for table, sql in texts.items()]
    (error,) = check_models(models, KNOWN)
    assert "in a circle" in error.message
    assert circle in error.message
    with pytest.raises(RecipeError, match="in a circle"):
        sort_models(models)


def test_models_stand_after_what_they_read() -> None:
    texts = {
        "z.first": "SELECT id FROM mitall.raw",
        "a.last": "SELECT id FROM m.mid",
        "m.mid": "SELECT id FROM z.first",
    }
    models = [model(sql, table) for table, sql in texts.items()]
    assert [found.table for found in sort_models(models)] == ["z.first", "m.mid", "a.last"]


def contract(*names: str) -> Contract:
    return Contract(tuple(Column(name, "text") for name in names))


def test_a_contract_declares_what_the_select_makes() -> None:
    extras = Extras(contract=contract("id", "lable"), column_lines={"id": 2, "lable": 3})
    errors = check_models(
        [model("SELECT id, label, row_id FROM (SELECT *, '' AS row_id FROM mitall.votes)", extras=extras)], KNOWN
    )
    assert [str(error).splitlines()[0] for error in errors] == [
        'dbt_like_sql/shop/shelf.yaml:3: shop.shelf makes no column "lable", did you mean "label"?',
        'dbt_like_sql/shop/shelf.yaml:1: the column "label" is not declared, did you mean "lable"?',
    ]


def test_a_contract_tells_the_columns_that_the_text_does_not() -> None:
    extras = Extras(contract=contract("id"))
    assert check_models([model("SELECT COLUMNS('i.*') FROM mitall.votes", extras=extras)], KNOWN) == []


def test_relationships_and_freshness_name_what_there_is() -> None:
    links = (Relationship("id", "mitall.raw", "id"), Relationship("id", "mitall.raw", "idd"))
    promised = Contract(contract("id").columns, relationships=links)
    extras = Extras(contract=promised, freshness=Freshness(24, "asked_at"), column_lines={"id": 7})
    errors = check_models([model("SELECT id FROM mitall.votes", extras=extras)], KNOWN)
    assert [error.message for error in errors] == [
        '"id" must stand in mitall.raw.idd, which is not there',
        'freshness: shop.shelf makes no column "asked_at"',
    ]
    assert errors[0].where == "dbt_like_sql/shop/shelf.yaml:7"


@pytest.mark.parametrize("kind", ['"NULL"', "no type at all", "", "UNION(a INTEGER)", "ENUM('a')"])
def test_a_type_that_nobody_knows_is_no_fault(kind: str) -> None:
    assert check_models([model("SELECT x, x.y AS z FROM a.b")], {"a.b": {"x": kind}}) == []


def test_a_table_of_unknown_columns_is_believed() -> None:
    sql = "SELECT anything, b.more FROM read_parquet('x.parquet') b"
    assert check_models([model(sql)], {}) == []


def test_the_path_of_the_file_is_not_part_of_a_message() -> None:
    (error,) = check_models([model("SELECT a FROM b.c")], KNOWN)
    assert str(Path.cwd()) not in str(error)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * REPLACE (id / 2 AS) FROM mitall.votes",
        "SELECT * RENAME a (label AS word) FROM mitall.votes",
        "SELECT * FROM mitall.votes PIVOT (max(score) FOR) IN ('yes', 'no')",
        "SELECT id FROM mitall...votes",
    ],
)
def test_what_sqlglot_reads_and_then_stumbles_over_is_a_fault_and_no_crash(sql: str) -> None:
    assert all(error.exit_code == 2 for error in check_models([model(sql)], KNOWN))
