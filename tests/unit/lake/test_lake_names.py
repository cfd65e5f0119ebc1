"""How tables, columns and types are spelled, and which names the lake refuses."""

import pytest

from synth_assets.core.contract import Column, Contract
from synth_assets.core.errors import LakeError
from synth_assets.lake import arrow_schema
from synth_assets.lake.names import (
    checked_partition,
    quoted_column,
    quoted_table,
    table_parts,
    without_braces,
)


def test_a_table_is_a_schema_and_a_name() -> None:
    assert table_parts("mitall.raw_dialogs") == ("mitall", "raw_dialogs")
    assert quoted_table("ops.calls") == '"ops"."calls"'
    assert quoted_column("order") == '"order"'


@pytest.mark.parametrize(
    "name", ["calls", "a.b.c", "a.", ".b", "a b.c", 'a".b', "a.{AUTHOR}", "a.b;", "1a.b", "a.b\n", "é.b"]
)
def test_other_names_are_refused(name: str) -> None:
    with pytest.raises(LakeError, match="no table name"):
        table_parts(name)


@pytest.mark.parametrize("schema", ["lake", "Memory", "system", "temp", "information_schema"])
def test_a_schema_is_not_named_like_a_catalog(schema: str) -> None:
    with pytest.raises(LakeError, match="DuckDB uses itself"):
        table_parts(f"{schema}.calls")


@pytest.mark.parametrize("key", ["all", "2026-11-01", "shard_3", "a+b:c.d"])
def test_partition_keys_are_days_shards_and_the_like(key: str) -> None:
    assert checked_partition(key) == key


@pytest.mark.parametrize("key", ["", "{AUTHOR}", "a'b", "a/b", "a b", "x" * 129])
def test_other_partition_keys_are_refused(key: str) -> None:
    with pytest.raises(LakeError, match="no partition key"):
        checked_partition(key)


def test_a_column_that_is_no_identifier_is_refused() -> None:
    with pytest.raises(LakeError, match="no column name"):
        quoted_column("{DATA_PATH}")


def test_the_system_columns_frame_those_of_the_contract() -> None:
    contract = Contract((Column("label", "text"), Column("votes", "integer")))

    def names(ids: bool, calls: bool) -> list[str]:
        return arrow_schema(contract, ids, calls).names

    assert names(True, True) == ["row_id", "parent_ids", "call_keys", "label", "votes", "partition_key"]
    assert names(True, False) == ["row_id", "parent_ids", "label", "votes", "partition_key"]
    assert names(False, False) == ["label", "votes", "partition_key"]


def test_comments_cannot_hold_what_ducklake_fills_in() -> None:
    assert without_braces("by {AUTHOR}") == "by (AUTHOR)"
