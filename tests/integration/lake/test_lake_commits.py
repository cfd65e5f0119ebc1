"""A commit: what becomes visible, when, and what a change of the contract does to a table."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from synth_assets.core.contract import Column, Contract
from synth_assets.core.errors import ConflictError, LakeError
from synth_assets.lake import Append, CommitInfo, Drop, Lake, Reader, Replace

ABOUT = CommitInfo("run-1", "notes", "days", fingerprint="f00d", message="two days", extra={"rows": 2})
Bodies = Callable[..., list[str]]
Put = Callable[..., int]


def files(home: Path) -> list[Path]:
    return sorted((home / "lake" / "data").rglob("*.parquet"))


def with_votes(kind: Any) -> Contract:
    return Contract((Column("body", "text"), Column("votes", kind)))


def test_a_replaced_partition_leaves_the_others(lake: Lake, put: Put, bodies: Bodies) -> None:
    put("notes.days", ["a", "b"], partition="2026-11-01")
    put("notes.days", ["c"], partition="2026-11-02")
    put("notes.days", ["d"], partition="2026-11-01")
    assert lake.partitions("notes.days") == ["2026-11-01", "2026-11-02"]
    assert bodies("notes.days", partition="2026-11-01") == ["d"]
    assert bodies("notes.days", partition="2026-11-02") == ["c"]
    assert (lake.count("notes.days"), lake.count("notes.days", "2026-11-02")) == (2, 1)


def test_appended_rows_come_after_those_that_are_there(put: Put, bodies: Bodies) -> None:
    put("notes.days", ["a", "b"])
    put("notes.days", ["c"], append=True)
    assert bodies("notes.days") == ["a", "b", "c"]


def test_no_rows_are_a_table_without_rows_and_empty_a_partition(lake: Lake, put: Put) -> None:
    put("notes.days", [])
    assert lake.has("notes.days")
    assert lake.count("notes.days") == 0
    put("notes.days", ["a"], partition="one")
    put("notes.days", ["b"], partition="two")
    put("notes.days", [], partition="one")
    assert lake.partitions("notes.days") == ["two"]


def test_several_tables_become_visible_at_once(lake: Lake, put: Put) -> None:
    before = put("notes.old", ["a"])
    with lake.stage("notes.days", with_votes("integer")) as days, lake.stage("ops.log", with_votes("text")) as log:
        days.write([{"body": "b", "votes": 1}])
        log.write([{"body": "c", "votes": "many"}])
        after = lake.commit([Replace(days), Append(log), Drop("notes.old"), Drop("notes.never_was")], ABOUT)
    assert after == before + 1 == lake.snapshot()
    assert lake.tables() == ["notes.days", "ops.log"]
    assert lake.tables(before) == ["notes.old"]


def test_a_snapshot_knows_who_made_it(lake: Lake, put: Put) -> None:
    put("notes.old", ["a"], run_id="run-0")
    with lake.stage("notes.days", with_votes("integer")) as writer:
        id_ = lake.commit([Replace(writer)], ABOUT)
    last = lake.snapshots()[-1]
    assert (last.id, last.author, last.message, last.about) == (id_, "notes.days", "two days", ABOUT)
    assert last.changes["tables_created"] == ("notes.days",)
    put("notes.old", ["b"], run_id="run-3")
    assert lake.snapshots()[-1].changes == {
        "tables_inserted_into": ("notes.old",),
        "tables_deleted_from": ("notes.old",),
    }
    assert [each.id for each in lake.commits_of("run-1")] == [id_]
    assert lake.commits_of("run-2") == []


def test_a_guard_that_raises_changes_nothing_and_keeps_what_was_staged(
    home: Path, lake: Lake, put: Put, bodies: Bodies
) -> None:
    before = put("notes.days", ["a"])

    def guard(reader: Reader) -> None:
        assert reader.rows("SELECT body FROM notes.days") == [{"body": "a"}]
        raise ConflictError("somebody was quicker")

    with lake.stage("notes.days", with_votes("integer")) as writer:
        writer.write([{"body": "b", "votes": 1}])
    with pytest.raises(ConflictError, match="quicker"):
        lake.commit([Replace(writer)], ABOUT, guard=guard)
    assert (lake.snapshot(), bodies("notes.days"), len(files(home))) == (before, ["a"], 2)
    lake.commit([Replace(writer)], ABOUT)
    assert bodies("notes.days") == ["b"]


def test_a_guard_sees_what_another_process_committed(lake: Lake, put: Put, open_home: Callable[[], Lake]) -> None:
    put("notes.days", ["a"])
    seen: list[int] = []
    with open_home() as other, other.stage("notes.days", with_votes("integer")) as writer:
        put("notes.days", ["b", "c"])
        other.commit([Append(writer)], ABOUT, guard=lambda reader: seen.append(reader.count("notes.days")))
    assert seen == [2]


def test_what_is_thrown_away_leaves_no_file(home: Path, lake: Lake) -> None:
    with pytest.raises(RuntimeError), lake.stage("notes.days", with_votes("integer")) as writer:  # noqa: PT012
        writer.write([{"body": "b", "votes": 1}])
        writer.finish()
        assert files(home)
        raise RuntimeError
    assert not files(home)
    assert not lake.has("notes.days")


def test_what_is_committed_is_not_thrown_away(lake: Lake, bodies: Bodies) -> None:
    with pytest.raises(RuntimeError), lake.stage("notes.days", with_votes("integer")) as writer:  # noqa: PT012
        writer.write([{"body": "b", "votes": 1}])
        lake.commit([Replace(writer)], ABOUT)
        raise RuntimeError
    assert bodies("notes.days") == ["b"]


def test_columns_come_and_go_with_the_contract(lake: Lake, put: Put) -> None:
    before = put("notes.days", ["a"], partition="one")
    put("notes.days", ["b"], partition="two")
    more = Contract((Column("body", "text", "said {AUTHOR}"), Column("mood", "text")))
    put("notes.days", ["c"], partition="one", contract=more)
    columns = ["row_id", "parent_ids", "body", "partition_key", "mood"]
    assert list(lake.columns("notes.days")) == columns
    rows = lake.rows("SELECT body, mood FROM notes.days ORDER BY body")
    assert rows == [{"body": "b", "mood": None}, {"body": "c", "mood": None}]
    assert "votes" in lake.columns("notes.days", at=before)
    assert lake.rows("SELECT votes FROM notes.days", at=before) == [{"votes": 0}]


def test_an_append_of_fewer_columns_takes_none_away(lake: Lake, put: Put) -> None:
    put("notes.days", ["a"])
    put("notes.days", ["b"], contract=Contract((Column("body", "text"),)), append=True)
    assert lake.rows("SELECT body, votes FROM notes.days ORDER BY body") == [
        {"body": "a", "votes": 0},
        {"body": "b", "votes": None},
    ]


def test_a_type_may_change_when_no_row_is_left_with_the_old_one(lake: Lake, put: Put) -> None:
    before = put("notes.days", ["a"])
    with lake.stage("notes.days", with_votes("texts")) as writer:
        writer.write([{"body": "b", "votes": ["x"]}])
        lake.commit([Replace(writer)], ABOUT)
    assert lake.rows("SELECT votes FROM notes.days") == [{"votes": ["x"]}]
    assert lake.rows("SELECT votes FROM notes.days", at=before) == [{"votes": 0}]


@pytest.mark.parametrize("change", [Replace, Append])
def test_a_type_may_not_change_under_other_rows(lake: Lake, put: Put, bodies: Bodies, change: Any) -> None:
    put("notes.days", ["a"], partition="one")
    with lake.stage("notes.days", with_votes("texts"), "two") as writer:
        writer.write([{"body": "b", "votes": ["x"]}])
    with pytest.raises(LakeError, match="type of column votes") as caught:
        lake.commit([change(writer)], ABOUT)
    assert "another name" in str(caught.value.remedy)
    assert bodies("notes.days") == ["a"]


def test_comments_tell_what_the_contract_says(lake: Lake, put: Put) -> None:
    comments = "SELECT comment FROM duckdb_columns() WHERE table_name = 'days' AND comment <> '' ORDER BY ALL"
    put("notes.days", ["a"])
    assert [row["comment"] for row in lake.rows(comments)] == ["how often", "what is said"]
    put("notes.days", ["a"], contract=Contract((Column("body", "text", "what is {said}"),)))
    assert [row["comment"] for row in lake.rows(comments)] == ["what is (said)"]
    comment = lake.rows("SELECT comment FROM duckdb_tables() WHERE table_name = 'days'")
    assert comment == [{"comment": "Notes, to try the lake with"}]


def test_rows_that_do_not_fit_name_the_table(lake: Lake) -> None:
    writer = lake.stage("notes.days", with_votes("integer"))
    with pytest.raises(LakeError, match=r"notes.days: column votes \(integer\)"):
        writer.write([{"body": "b", "votes": "many"}])


def test_threads_may_share_a_lake(lake: Lake, put: Put) -> None:
    put("notes.days", [])

    def work(n: int) -> int:
        put("notes.days", [str(n)], append=True)
        put(f"notes.table_{n % 3}", [str(n)])
        return lake.count("notes.days") + lake.rows("SELECT count(*) AS n FROM notes.days")[0]["n"]

    with ThreadPoolExecutor(6) as threads:
        assert min(threads.map(work, range(18))) >= 2
    assert lake.count("notes.days") == 18
    assert len(lake.commits_of("run-1")) == 37
