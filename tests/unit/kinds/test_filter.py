"""`filter`: one SELECT that keeps rows, and each row's parent."""

import duckdb
import pytest

from synth_assets.core.contract import Column, Contract
from synth_assets.core.stage import StageError
from synth_assets.kinds.choose.filter import Filter

READ = Contract((Column("text", "text"), Column("n", "integer")))


@pytest.mark.parametrize("calls", ["", ", ['c'] AS call_keys"])
def test_it_keeps_what_the_condition_says_and_names_the_parents(calls):
    lake = duckdb.connect()
    lake.execute(
        "CREATE TABLE \"order\" AS SELECT range::VARCHAR AS row_id, [] AS parent_ids, 'all' AS partition_key, "
        f"'t' || range AS text, range AS n{calls} FROM range(9)"
    )
    found = lake.sql(Filter(from_="order", where="n % 4 = 3 OR text = 't5' -- odd ones").query())
    assert found.columns == ["parent_ids", "text", "n"]
    assert found.order("n").fetchall() == [(["3"], "t3", 3), (["5"], "t5", 5), (["7"], "t7", 7)]


def test_its_contract_is_that_of_what_it_reads():
    stage = Filter(from_="raw", where="true", checks={"unique": ["n"]})
    assert stage.inputs() == ("raw",)
    contract = stage.contract({"raw": READ})
    assert contract.names() == ("text", "n")
    assert contract.column("n").unique
    with pytest.raises(StageError, match="there is no column 'm'"):
        Filter(from_="raw", where="true", checks={"unique": ["m"]}).contract({"raw": READ})


@pytest.mark.parametrize(
    "condition",
    [
        "n % 2 = 1 AND text ~ 'a' -- odd",
        "raw.N > 1 OR row_id < 'a'",
        "len(list_filter(messages, (m, i) -> m.role = 'user' AND i > 1)) > 0",
        "messages[1].content != ''",
        "len([m FOR m IN messages IF m.role = 'user']) > 1",
        "EXISTS (SELECT 1 FROM other WHERE other.z = n)",
        "text IS NOT NULL",
        "true",
    ],
)
def test_a_condition_that_holds_water(condition):
    dialogs = READ.with_columns([Column("messages", "dialog")])
    Filter(from_="raw", where=condition).contract({"raw": dialogs})


@pytest.mark.parametrize(
    ("condition", "fault", "line"),
    [
        ("txet = 'a'", '"raw" has no column "txet", did you mean "text"', None),
        ("raw.zzz > 1", '"raw" has no column "zzz", it has: text, n', None),
        ("n > 1\n  AND AND", "not SQL", 2),
        ("text = 'a", "not SQL", None),
        ("n > 1; DROP TABLE raw", "one condition is needed", None),
        ("1 = 1) OR (2 = 2", "not SQL", 1),
        ("SELECT 1", "one condition is needed", None),
        ("-- nothing", "one condition is needed", None),
    ],
)
def test_a_condition_that_does_not(condition, fault, line):
    with pytest.raises(StageError, match=fault) as caught:
        Filter(from_="raw", where=condition).contract({"raw": READ})
    assert (caught.value.key, caught.value.line) == ("where", line)
