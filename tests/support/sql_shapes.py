"""A small lake, and SELECTs of many shapes over it: what unit tests and real DuckDB are asked about."""

from pathlib import Path

from synth_assets.sql.model import Extras, Model
from synth_assets.sql.parse import parse_model

DIALOG = 'STRUCT("role" VARCHAR, "content" VARCHAR)[]'
KNOWN = {
    "mitall.raw": {
        "row_id": "VARCHAR",
        "messages": DIALOG,
        "meta": "STRUCT(model VARCHAR, cost STRUCT(usd DOUBLE))",
        "n": "INTEGER",
        "id": "BIGINT",
    },
    "mitall.votes": {"id": "BIGINT", "label": "VARCHAR", "score": "DOUBLE"},
    "news.raw": {"id": "BIGINT", "title": "VARCHAR", "seen_at": "TIMESTAMP WITH TIME ZONE"},
}

RAW, VOTES, NEWS = "mitall.raw", "mitall.votes", "news.raw"
Origins = dict[str, set[tuple[str, str]]]


def model(sql: str, table: str = "shop.shelf", extras: Extras | None = None) -> Model:
    """A model of that text, as it would be read from its file."""
    schema, _, name = table.partition(".")
    parsed = parse_model(sql)
    return Model(
        schema=schema,
        name=name,
        path=Path(schema, f"{name}.sql"),
        shown=f"dbt_like_sql/{schema}/{name}.sql",
        sql=parsed.sql,
        tokens=parsed.tokens,
        inputs=parsed.inputs,
        description=parsed.description,
        extras=extras or Extras(),
    )


# What each column of the SELECT is made of.
SHAPES: dict[str, tuple[str, Origins]] = {
    "columns": ("SELECT id, n AS count FROM mitall.raw", {"id": {(RAW, "id")}, "count": {(RAW, "n")}}),
    "expression": (
        "SELECT n * 2 + id AS x, 'a' AS constant FROM mitall.raw",
        {"x": {(RAW, "n"), (RAW, "id")}, "constant": set()},
    ),
    "alias of an alias": (
        "SELECT n + 1 AS x, x * 2 AS y FROM mitall.raw",
        {"x": {(RAW, "n")}, "y": {(RAW, "n")}},
    ),
    "CTE": (
        "WITH a AS (SELECT id AS k, n FROM mitall.raw), b AS (SELECT k + n AS s FROM a) SELECT s FROM b",
        {"s": {(RAW, "id"), (RAW, "n")}},
    ),
    "CTE that has a table's name": (
        "WITH raw AS (SELECT title AS t FROM news.raw) SELECT t FROM raw",
        {"t": {(NEWS, "title")}},
    ),
    "CTE with its own column names": (
        "WITH a(x, y) AS (SELECT id, n FROM mitall.raw) SELECT y, x FROM a",
        {"y": {(RAW, "n")}, "x": {(RAW, "id")}},
    ),
    "recursive CTE": (
        "WITH RECURSIVE t(a, b) AS (SELECT id, n FROM mitall.raw UNION ALL SELECT b, a + 1 FROM t WHERE a < 9)"
        " SELECT a FROM t",
        {"a": {(RAW, "id"), (RAW, "n")}},
    ),
    "join": (
        "SELECT r.n, v.label FROM mitall.raw r JOIN mitall.votes v ON r.id = v.id",
        {"n": {(RAW, "n")}, "label": {(VOTES, "label")}},
    ),
    "join with unqualified names": (
        "SELECT n, label FROM mitall.raw JOIN mitall.votes ON raw.id = votes.id",
        {"n": {(RAW, "n")}, "label": {(VOTES, "label")}},
    ),
    "join USING": (
        "SELECT id, label FROM mitall.raw JOIN mitall.votes USING (id)",
        {"id": {(RAW, "id"), (VOTES, "id")}, "label": {(VOTES, "label")}},
    ),
    "semi join": (
        "SELECT id, n FROM mitall.raw r SEMI JOIN mitall.votes v USING (id)",
        {"id": {(RAW, "id")}, "n": {(RAW, "n")}},
    ),
    "asof join": (
        "SELECT r.n, v.score FROM mitall.raw r ASOF JOIN mitall.votes v ON r.id >= v.id",
        {"n": {(RAW, "n")}, "score": {(VOTES, "score")}},
    ),
    "tables of one name": (
        "SELECT a.n, b.title FROM mitall.raw a JOIN news.raw b USING (id)",
        {"n": {(RAW, "n")}, "title": {(NEWS, "title")}},
    ),
    "tables of one name, told apart by their schema": (
        "SELECT mitall.raw.n, news.raw.title, raw.seen_at FROM mitall.raw JOIN news.raw ON mitall.raw.id = news.raw.id",
        {"n": {(RAW, "n")}, "title": {(NEWS, "title")}, "seen_at": {(NEWS, "seen_at")}},
    ),
    "tables of one name, and one of them alone": (
        "WITH a AS (SELECT mitall.raw.id, news.raw.title FROM mitall.raw JOIN news.raw USING (id))"
        " SELECT a.title, raw.n FROM mitall.raw JOIN a ON a.id = mitall.raw.id",
        {"title": {(NEWS, "title")}, "n": {(RAW, "n")}},
    ),
    "tables of one name in two places": (
        "WITH a AS (SELECT raw.id, raw.title FROM news.raw) SELECT a.title, raw.n FROM mitall.raw JOIN a USING (id)",
        {"title": {(NEWS, "title")}, "n": {(RAW, "n")}},
    ),
    "window": (
        "SELECT row_number() OVER (PARTITION BY label ORDER BY score DESC) AS place FROM mitall.votes",
        {"place": {(VOTES, "label"), (VOTES, "score")}},
    ),
    "named window": (
        "SELECT sum(score) OVER w AS total FROM mitall.votes WINDOW w AS (PARTITION BY label ORDER BY id)",
        {"total": {(VOTES, "score"), (VOTES, "label"), (VOTES, "id")}},
    ),
    "aggregate with FILTER": (
        "SELECT label, max(score) FILTER (WHERE id > 1) AS best FROM mitall.votes GROUP BY ALL",
        {"label": {(VOTES, "label")}, "best": {(VOTES, "score"), (VOTES, "id")}},
    ),
    "HAVING, QUALIFY and ORDER BY an alias": (
        "SELECT label, count(*) AS c FROM mitall.votes GROUP BY label HAVING c > 0"
        " QUALIFY row_number() OVER (ORDER BY c) >= 1 ORDER BY c",
        {"label": {(VOTES, "label")}, "c": set()},
    ),
    "union": (
        "SELECT id, title AS word FROM news.raw UNION ALL SELECT id, label FROM mitall.votes",
        {"id": {(NEWS, "id"), (VOTES, "id")}, "word": {(NEWS, "title"), (VOTES, "label")}},
    ),
    "union by name": (
        "SELECT id, title FROM news.raw UNION ALL BY NAME SELECT label, id FROM mitall.votes",
        {"id": {(NEWS, "id"), (VOTES, "id")}, "title": {(NEWS, "title")}, "label": {(VOTES, "label")}},
    ),
    "union of unions": (
        "SELECT id FROM news.raw UNION SELECT id FROM mitall.votes UNION ALL (SELECT n FROM mitall.raw)",
        {"id": {(NEWS, "id"), (VOTES, "id"), (RAW, "n")}},
    ),
    "except": (
        "SELECT id FROM news.raw EXCEPT SELECT id FROM mitall.votes",
        {"id": {(NEWS, "id")}},
    ),
    "struct fields": (
        "SELECT meta.cost.usd, meta.model AS m, raw.meta.cost AS c FROM mitall.raw",
        {"usd": {(RAW, "meta")}, "m": {(RAW, "meta")}, "c": {(RAW, "meta")}},
    ),
    "struct field by the full name": (
        "SELECT mitall.raw.meta.cost.usd FROM mitall.raw",
        {"usd": {(RAW, "meta")}},
    ),
    "struct made in a subquery": (
        "SELECT s.a FROM (SELECT {'a': id, 'b': n} AS s FROM mitall.raw)",
        {"a": {(RAW, "id"), (RAW, "n")}},
    ),
    "list of structs": (
        "SELECT messages[1].role AS first, messages[-1]['content'] AS last FROM mitall.raw",
        {"first": {(RAW, "messages")}, "last": {(RAW, "messages")}},
    ),
    "unnest in FROM": (
        "SELECT r.id, t.m.role AS role FROM mitall.raw r, unnest(r.messages) AS t(m)",
        {"id": {(RAW, "id")}, "role": {(RAW, "messages")}},
    ),
    "unnest in SELECT": (
        "SELECT id, m.content AS text FROM (SELECT id, unnest(messages) AS m FROM mitall.raw)",
        {"id": {(RAW, "id")}, "text": {(RAW, "messages")}},
    ),
    "lambda": (
        "SELECT list_transform(messages, lambda m: m.content || n) AS l FROM mitall.raw",
        {"l": {(RAW, "messages"), (RAW, "n")}},
    ),
    "list comprehension": (
        "SELECT [m.role FOR m IN messages IF m.content <> ''] AS l FROM mitall.raw",
        {"l": {(RAW, "messages")}},
    ),
    "star": (
        "SELECT * FROM mitall.votes",
        {"id": {(VOTES, "id")}, "label": {(VOTES, "label")}, "score": {(VOTES, "score")}},
    ),
    "star with changes": (
        "SELECT * EXCLUDE (id) REPLACE (score / 2 AS score) RENAME (label AS word) FROM mitall.votes",
        {"word": {(VOTES, "label")}, "score": {(VOTES, "score")}},
    ),
    "star of one side": (
        "SELECT v.*, r.n FROM mitall.votes v LEFT JOIN mitall.raw r ON r.id = v.id",
        {"id": {(VOTES, "id")}, "label": {(VOTES, "label")}, "score": {(VOTES, "score")}, "n": {(RAW, "n")}},
    ),
    "star through a CTE": (
        "WITH a AS (SELECT * EXCLUDE (score) FROM mitall.votes) SELECT * FROM a",
        {"id": {(VOTES, "id")}, "label": {(VOTES, "label")}},
    ),
    "FROM first": (
        "FROM news.raw SELECT title",
        {"title": {(NEWS, "title")}},
    ),
    "FROM alone": (
        "FROM mitall.votes",
        {"id": {(VOTES, "id")}, "label": {(VOTES, "label")}, "score": {(VOTES, "score")}},
    ),
    "scalar subquery": (
        "SELECT r.id, (SELECT max(score) FROM mitall.votes v WHERE v.id = r.id) AS best FROM mitall.raw r",
        {"id": {(RAW, "id")}, "best": {(VOTES, "score")}},
    ),
    "subqueries that only filter": (
        "SELECT n FROM mitall.raw WHERE id IN (SELECT id FROM mitall.votes)"
        " AND EXISTS (SELECT 1 FROM news.raw s WHERE s.id = raw.id)",
        {"n": {(RAW, "n")}},
    ),
    "lateral subquery": (
        "SELECT r.id, b.label FROM mitall.raw r"
        " LEFT JOIN LATERAL (SELECT label FROM mitall.votes v WHERE v.id = r.id LIMIT 1) b ON true",
        {"id": {(RAW, "id")}, "label": {(VOTES, "label")}},
    ),
    "subquery that reads its neighbour": (
        "SELECT k FROM mitall.raw, (SELECT n + 1 AS k) u",
        {"k": {(RAW, "n")}},
    ),
    "whole row": (
        "SELECT v AS vote FROM mitall.votes v",
        {"vote": {(VOTES, "id"), (VOTES, "label"), (VOTES, "score")}},
    ),
    "columns renamed with the table": (
        "SELECT a, c FROM mitall.votes AS v(a, b, c)",
        {"a": {(VOTES, "id")}, "c": {(VOTES, "score")}},
    ),
    "pivot": (
        "SELECT * FROM mitall.votes PIVOT (max(score) FOR label IN ('yes', 'no'))",
        {
            "id": {(VOTES, "id")},
            "yes": {(VOTES, "label"), (VOTES, "score")},
            "no": {(VOTES, "label"), (VOTES, "score")},
        },
    ),
    "values and ranges": (
        "SELECT t.word, g.i FROM (VALUES (1, 'a')) t(k, word), range(3) g(i)",
        {"word": set(), "i": set()},
    ),
    "json": (
        "SELECT json_extract_string(label, '$.a') AS a, (label ->> 'b')::INTEGER AS b FROM mitall.votes",
        {"a": {(VOTES, "label")}, "b": {(VOTES, "label")}},
    ),
    "prefix alias": ("SELECT k: id, word: label FROM mitall.votes", {"k": {(VOTES, "id")}, "word": {(VOTES, "label")}}),
    "names have no case": (
        'SELECT ID AS Key, "Label" AS "Word" FROM MITALL.Votes',
        {"Key": {(VOTES, "id")}, "Word": {(VOTES, "label")}},
    ),
    "the catalog named": (
        "SELECT lake.mitall.votes.id, label FROM lake.mitall.votes",
        {"id": {(VOTES, "id")}, "label": {(VOTES, "label")}},
    ),
    "case": (
        "SELECT CASE WHEN score > 0 THEN label ELSE id::VARCHAR END AS c FROM mitall.votes",
        {"c": {(VOTES, "score"), (VOTES, "label"), (VOTES, "id")}},
    ),
    "date parts": (
        "SELECT date_trunc('day', seen_at) AS day, strftime(seen_at, '%Y') AS year FROM news.raw",
        {"day": {(NEWS, "seen_at")}, "year": {(NEWS, "seen_at")}},
    ),
    "sample": ("SELECT id FROM mitall.votes USING SAMPLE 10%", {"id": {(VOTES, "id")}}),
    "in brackets": ("(SELECT id FROM mitall.votes)", {"id": {(VOTES, "id")}}),
    "grouping sets": (
        "SELECT label, sum(score) AS s FROM mitall.votes GROUP BY ROLLUP (label)",
        {"label": {(VOTES, "label")}, "s": {(VOTES, "score")}},
    ),
}

# The line of the fault, and what is said about it. True: DuckDB refuses it as well.
FAULTS: dict[str, tuple[str, int, str, bool]] = {
    "column": ("SELECT lable FROM mitall.votes", 1, 'mitall.votes has no column "lable", did you mean "label"?', True),
    "column of an alias": (
        "SELECT r.id,\n  r.mesages\nFROM mitall.raw r",
        2,
        'mitall.raw has no column "mesages", did you mean "messages"?',
        True,
    ),
    "column of no near name": ("SELECT zzz FROM mitall.votes", 1, 'mitall.votes has no column "zzz"', True),
    "table": ("SELECT id\nFROM mitall.vote", 2, 'no table "mitall.vote", did you mean "mitall.votes"?', True),
    "schema": ("SELECT id FROM mital.raw", 1, 'no table "mital.raw", did you mean "mitall.raw"?', True),
    "table without its schema": ("SELECT id FROM votes", 1, 'the table "votes" lacks its schema, did you mean', True),
    "alias": (
        "SELECT x.id FROM mitall.raw",
        1,
        'there is no table or column "x" here',
        True,
    ),
    "star of no table": ("SELECT v.* FROM mitall.raw", 1, 'there is no table "v" in this SELECT', True),
    "through a CTE": (
        "WITH a AS (\n  SELECT id AS k\n  FROM mitall.raw\n)\nSELECT k,\n  id\nFROM a",
        6,
        '"a" has no column "id"',
        True,
    ),
    "inside a CTE": ("WITH a AS (\nSELECT idd FROM mitall.raw)\nSELECT idd FROM a", 2, 'has no column "idd"', True),
    "inside a derived table": ("SELECT idd FROM (\nSELECT idd FROM mitall.raw)", 2, 'has no column "idd"', True),
    "inside half of a derived union": (
        "SELECT idd FROM (SELECT id AS idd FROM news.raw\nUNION SELECT idd FROM mitall.raw) u",
        2,
        'mitall.raw has no column "idd"',
        True,
    ),
    "through a star": ("SELECT n FROM (SELECT * EXCLUDE (n) FROM mitall.raw) x", 1, '"x" has no column "n"', True),
    "in ON": ("SELECT r.n FROM mitall.raw r\nJOIN mitall.votes v\nON v.idd = r.id", 3, 'no column "idd"', True),
    "in USING": (
        "SELECT n FROM mitall.raw JOIN mitall.votes\nUSING (lable)",
        2,
        'do not all have a column "lable", did you mean "label"?',
        True,
    ),
    "in a window": ("SELECT sum(n) OVER (ORDER BY\n idd) AS s FROM mitall.raw", 2, 'no column "idd"', True),
    "in a named window": (
        "SELECT sum(n) OVER w AS s FROM mitall.raw\nWINDOW w AS (ORDER BY idd)",
        2,
        'no column "idd"',
        True,
    ),
    "in WHERE": ("SELECT n FROM mitall.raw\nWHERE idd > 1", 2, 'no column "idd", did you mean "id"?', True),
    "in GROUP BY": ("SELECT count(*) AS c FROM mitall.raw\nGROUP BY idd", 2, 'no column "idd"', True),
    "in ORDER BY": ("SELECT n FROM mitall.raw\nORDER BY idd", 2, 'no column "idd"', True),
    "in ORDER BY of a union": (
        "SELECT id FROM mitall.raw UNION SELECT id FROM news.raw\nORDER BY idd",
        2,
        'column "idd"',
        True,
    ),
    "in QUALIFY": (
        "SELECT n FROM mitall.raw\nQUALIFY row_number() OVER (ORDER BY idd) = 1",
        2,
        'no column "idd"',
        True,
    ),
    "in the second half of a union": (
        "SELECT id FROM mitall.raw\nUNION\nSELECT idd FROM news.raw",
        3,
        'news.raw has no column "idd"',
        True,
    ),
    "in a subquery": (
        "SELECT n FROM mitall.raw WHERE EXISTS (\nSELECT 1 FROM mitall.votes v WHERE v.idd = raw.id)",
        2,
        'mitall.votes has no column "idd"',
        True,
    ),
    "in a lambda": (
        "SELECT list_transform(messages, lambda m: m.role || labl) AS l FROM mitall.raw",
        1,
        '"labl"',
        True,
    ),
    "field of a struct": (
        "SELECT id,\n  meta.cost.eur\nFROM mitall.raw",
        2,
        'raw.meta.cost has no field "eur"',
        True,
    ),
    "field by its key": (
        "SELECT meta['modle'] AS m FROM mitall.raw",
        1,
        'no field "modle", did you mean "model"',
        True,
    ),
    "field of a message": ("SELECT messages[1].rol AS r FROM mitall.raw", 1, 'did you mean "role"?', True),
    "field after unnest": (
        "SELECT t.m.rol AS r FROM mitall.raw, unnest(messages) AS t(m)",
        1,
        'no field "rol", did you mean "role"?',
        True,
    ),
    "struct that is not there": (
        "SELECT metta.cost.usd FROM mitall.raw",
        1,
        '"metta" here, did you mean "meta"?',
        True,
    ),
    "EXCLUDE": ("SELECT * EXCLUDE (lable) FROM mitall.votes", 1, 'no column "lable", did you mean "label"?', True),
    "REPLACE": ("SELECT * REPLACE (1 AS lable) FROM mitall.votes", 1, 'no column "lable"', True),
    "RENAME": ("SELECT * RENAME (lable AS word) FROM mitall.votes", 1, 'no column "lable"', False),
    "ambiguous": (
        "SELECT id FROM mitall.raw, mitall.votes",
        1,
        'the column "id" is ambiguous between mitall.raw and mitall.votes',
        True,
    ),
    "column of one of two tables of one name": (
        "SELECT news.raw.n FROM mitall.raw JOIN news.raw USING (id)",
        1,
        'news.raw has no column "n"',
        True,
    ),
    "no name": ("SELECT id,\n count(*) FROM mitall.raw GROUP BY id", 1, "column 2 has no name: add AS name", False),
    "one name twice": ("SELECT id, n AS id FROM mitall.raw", 1, '2 columns are named "id"', False),
    "columns that nobody can tell": ("SELECT COLUMNS('i.*') FROM mitall.raw", 1, "cannot be told", False),
}
