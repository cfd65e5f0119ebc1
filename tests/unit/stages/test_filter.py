"""`filter`: one SELECT that keeps rows, and each row's parent."""

import duckdb
import pytest

from synth_assets.core.contract import Column, Contract
from synth_assets.core.stage import StageFault
from synth_assets.stages.filter import Filter

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
    with pytest.raises(StageFault, match="there is no column 'm'"):
        Filter(from_="raw", where="true", checks={"unique": ["m"]}).contract({"raw": READ})
