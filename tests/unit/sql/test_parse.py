"""The text of a model: one SELECT, its head comment, and a fingerprint that layout does not change."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synth_assets.core.contract import Column, Contract
from synth_assets.sql.model import Extras, Model
from synth_assets.sql.parse import BadSql, parse_model
from tests.support.sql_shapes import SHAPES, model

FAULTS = {
    "two statements": ("SELECT 1 AS a;\n\nSELECT 2 AS b", 3, "one SELECT, the file holds 2 statements"),
    "no SELECT": ("-- nothing yet\n", 1, "no SELECT"),
    "empty": ("", 1, "no SELECT"),
    "a table": ("\n\nCREATE TABLE x AS SELECT 1", 3, "this is CREATE"),
    "an insert": ("WITH a AS (SELECT 1) INSERT INTO b SELECT * FROM a", 1, "this is INSERT"),
    "a copy": ("COPY (SELECT 1) TO 'x.csv'", 1, "this is COPY"),
    "the statement PIVOT": ("PIVOT a.b ON c USING sum(d)", 1, "this is PIVOT"),
    "a word misspelled": ("SELEC a\nFROM b.c", 2, 'syntax error near "FROM"'),
    "an open bracket": ("SELECT a\nFROM b.c\nWHERE (a > 1", 3, "syntax error"),
    "half a struct": ("SELECT {'a' : 1, :} AS s", 1, "syntax error"),
    "an open text": ("SELECT a,\n  'b\nFROM c.d", 2, "not closed"),
    "an open comment": ("SELECT a /* why\nFROM c.d", 1, "not closed"),
}


@pytest.mark.parametrize(("sql", "line", "message"), FAULTS.values(), ids=FAULTS)
def test_what_is_not_one_select_is_refused_with_its_line(sql: str, line: int, message: str) -> None:
    with pytest.raises(BadSql, match=message) as caught:
        parse_model(sql)
    assert caught.value.line == line


@pytest.mark.parametrize(
    ("head", "description"),
    [
        ("-- One line.\n", "One line."),
        ("\n-- Two\n--   lines.\n\n", "Two\n  lines."),
        ("/* A block. */", "A block."),
        ("/*\n * A long\n * block.\n */\n", "A long\nblock."),
        ("", ""),
    ],
)
def test_the_head_comment_is_the_description(head: str, description: str) -> None:
    assert parse_model(f"{head}SELECT 1 AS a -- not this\n").description == description


def test_the_last_semicolon_and_what_follows_is_not_part_of_the_sql() -> None:
    assert parse_model("SELECT 1 AS a\n;\n-- the end").sql == "SELECT 1 AS a"


def test_a_cte_is_no_input() -> None:
    sql = "WITH a AS (SELECT * FROM x.y), y AS (SELECT * FROM a) SELECT * FROM y JOIN lake.X.Z USING (k)"
    assert parse_model(sql).inputs == ("x.y", "x.z")


spaces = st.sampled_from([" ", "\n", "\t", "  ", " -- a note\n", " /* a note */ "])


@given(st.sampled_from([sql for sql, _ in SHAPES.values()]), st.data())
def test_layout_comments_and_the_case_of_keywords_do_not_change_the_fingerprint(sql: str, data: st.DataObject) -> None:
    words = sql.replace("SELECT", data.draw(st.sampled_from(["SELECT", "select", "Select"]))).split(" ")
    if "'" in sql:  # white space inside a text is not layout
        words = [" ".join(words)]
    moved = "".join(word + data.draw(spaces) for word in words)
    assert model(f"-- Another head.\n{moved};").fingerprint() == model(sql).fingerprint()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("SELECT a FROM b.c", "SELECT d FROM b.c"),
        ("SELECT 'a' AS x FROM b.c", "SELECT 'A' AS x FROM b.c"),
        ("SELECT 'a' AS x FROM b.c", 'SELECT "a" AS x FROM b.c'),
        ("SELECT a AS x FROM b.c", "SELECT a AS X FROM b.c"),
        ("SELECT a + 1 AS x FROM b.c", "SELECT a + 2 AS x FROM b.c"),
    ],
)
def test_another_meaning_is_another_fingerprint(one: str, other: str) -> None:
    assert model(one).fingerprint() != model(other).fingerprint()


def test_words_for_people_do_not_change_the_fingerprint_and_checks_do() -> None:
    def with_column(column: Column, **more: object) -> Model:
        extras = Extras(contract=Contract((column,)), **more)  # type: ignore[arg-type]
        return model("SELECT a FROM b.c", extras=extras)

    column = Column("a", "text")
    plain = with_column(column).fingerprint()
    assert with_column(replace(column, description="A."), owners=("team:x",)).fingerprint() == plain
    changed = [
        with_column(replace(column, unique=True)),
        with_column(replace(column, type="integer")),
        with_column(column, materialized="view"),
        with_column(column, partitioned=True),
        model("SELECT a FROM b.c"),
    ]
    prints = {plain, *(other.fingerprint() for other in changed)}
    assert len(prints) == len(changed) + 1
