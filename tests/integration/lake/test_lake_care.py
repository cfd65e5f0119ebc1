"""Care: fewer files, no old snapshots, no leftovers; nothing that anybody still needs is touched."""

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from synth_assets.core.contract import Column, Contract
from synth_assets.lake import Append, CareReport, CommitInfo, Lake, Replace

Put = Callable[..., int]
Bodies = Callable[..., list[str]]
ALL_AT_ONCE: dict[str, float] = {"older_than_s": 0, "orphans_older_than_s": 0}


def files(home: Path) -> set[Path]:
    return set((home / "lake" / "data").rglob("*.parquet"))


def test_many_small_files_become_one_and_hold_the_same_rows(lake: Lake, put: Put, bodies: Bodies) -> None:
    for n in range(8):
        put("ops.calls", [f"{{DATA_PATH}} {n}"] * 3, append=True, partition="one")
        put("ops.calls", [f"two {n}"], append=True, partition="two")
    before, rows = lake.snapshot(), [bodies("ops.calls", partition=key) for key in ("one", "two")]
    assert lake.compact("ops.calls", "one")
    assert [bodies("ops.calls", partition=key) for key in ("one", "two")] == rows
    spread = "SELECT partition_key AS part, count(DISTINCT filename) AS n FROM ops.calls GROUP BY 1 ORDER BY 1"
    assert lake.rows(spread) == [{"part": "one", "n": 1}, {"part": "two", "n": 8}]
    assert lake.rows(spread, at=before)[0] == {"part": "one", "n": 8}
    assert not lake.compact("ops.calls", "one")
    assert lake.care().compacted == ("ops.calls",)
    assert lake.care() == CareReport()
    assert lake.snapshots()[-1].message == "8 files of ops.calls made one"


def test_compaction_keeps_columns_types_and_comments(lake: Lake, put: Put) -> None:
    old = Contract((Column("body", "text", "said"), Column("votes", "integer"), Column("gone", "text")))
    new = Contract((Column("body", "text", "said"), Column("votes", "integer"), Column("at", "timestamp")))
    put("notes.days", ["a"], contract=old, partition="one")
    with lake.stage("notes.days", new, "two", calls=True) as writer:
        writer.write([{"body": "b", "at": "2026-11-01T00:00:00Z", "call_keys": ["k"], "parent_ids": ["p"]}])
        lake.commit([Replace(writer)], CommitInfo("r", "notes", "days"))
    put("notes.days", ["c"], contract=new, partition="one", append=True)
    described = "SELECT column_name, data_type, comment FROM duckdb_columns() WHERE table_name = 'days'"
    before = lake.rows(described), lake.rows("SELECT * FROM notes.days ORDER BY body")
    assert lake.compact("notes.days")
    assert (lake.rows(described), lake.rows("SELECT * FROM notes.days ORDER BY body")) == before


def test_compaction_gives_way_to_whoever_writes(
    lake: Lake, put: Put, bodies: Bodies, monkeypatch: pytest.MonkeyPatch, home: Path
) -> None:
    for n in range(4):
        put("notes.days", [str(n)], append=True)
    stage = lake.stage("notes.days", Contract((Column("body", "text"),)))
    swap = Lake._transact

    def overtaken(self: Lake, work: Any) -> int:
        monkeypatch.setattr(Lake, "_transact", swap)
        stage.write([{"body": "new"}])
        lake.commit([Replace(stage)], CommitInfo("r", "notes", "days"))
        return swap(self, work)

    monkeypatch.setattr(Lake, "_transact", overtaken)
    known = files(home)
    assert not lake.compact("notes.days")
    assert bodies("notes.days") == ["new"]
    assert len(files(home)) == len(known) + 1


def test_compaction_leaves_what_is_appended_meanwhile(
    lake: Lake, put: Put, bodies: Bodies, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(4):
        put("notes.days", [str(n)], append=True)
    swap = Lake._transact

    def overtaken(self: Lake, work: Any) -> int:
        monkeypatch.setattr(Lake, "_transact", swap)
        put("notes.days", ["new"], append=True)
        return swap(self, work)

    monkeypatch.setattr(Lake, "_transact", overtaken)
    assert lake.compact("notes.days")
    assert sorted(bodies("notes.days")) == ["0", "1", "2", "3", "new"]


def test_old_snapshots_expire_except_those_to_keep(home: Path, lake: Lake, put: Put, bodies: Bodies) -> None:
    first, kept, *_, last = [put("notes.days", [str(n)]) for n in range(5)]
    report = lake.care(keep_snapshots=[kept], **ALL_AT_ONCE)
    assert (report.snapshots_expired, report.files_deleted) == (4, 3)
    assert report.bytes_freed > 0
    assert [each.id for each in lake.snapshots()] == [kept, last]
    assert (bodies("notes.days"), bodies("notes.days", at=kept)) == (["4"], ["1"])
    assert len(files(home)) == 2
    assert first not in {each.id for each in lake.snapshots()}


def test_young_snapshots_and_their_files_stay(home: Path, lake: Lake, put: Put) -> None:
    for n in range(3):
        put("notes.days", [str(n)])
    assert lake.care() == CareReport()
    assert lake.care(older_than_s=0).files_deleted == 0, "whoever reads an expired snapshot may finish"
    assert len(files(home)) == 3


def test_what_a_living_process_stages_is_not_an_orphan(
    home: Path, lake: Lake, put: Put, open_home: Callable[[], Lake], bodies: Bodies
) -> None:
    put("notes.days", ["a"])
    other = open_home()
    with other.stage("notes.days", Contract((Column("body", "text"),))) as writer:
        writer.write([{"body": "b"}])
    writer.finish()
    assert lake.care(**ALL_AT_ONCE).orphans_deleted == 0
    other.commit([Append(writer)], CommitInfo("r", "notes", "days"))
    assert bodies("notes.days") == ["a", "b"]


def test_what_a_closed_lake_had_staged_is_an_orphan(
    home: Path, lake: Lake, put: Put, open_home: Callable[[], Lake]
) -> None:
    put("notes.days", ["a"])
    known = files(home)
    other = open_home()
    with other.stage("notes.days", Contract((Column("body", "text"),))) as writer:
        writer.write([{"body": "b"}])
    other.close()
    report = lake.care()
    assert (report.orphans_deleted, files(home)) == (1, known)
    assert report.bytes_freed > 0


def test_a_file_of_unknown_origin_is_given_time(home: Path, lake: Lake, put: Put) -> None:
    put("notes.days", ["a"])
    stranger = home / "lake" / "data" / "stranger.parquet"
    stranger.write_bytes(b"?")
    assert lake.care().orphans_deleted == 0
    two_days_ago = time.time() - 2 * 86_400
    os.utime(stranger, (two_days_ago, two_days_ago))
    assert lake.care().orphans_deleted == 1
    assert not stranger.exists()


def test_care_that_was_killed_halfway_is_finished_by_the_next(home: Path, lake: Lake, put: Put) -> None:
    for n in range(3):
        put("notes.days", [str(n)])
    assert lake.care(older_than_s=0).files_deleted == 0
    live = {Path(row["filename"]).name for row in lake.rows("SELECT filename FROM notes.days")}
    doomed = sorted(path for path in files(home) if path.name not in live)
    doomed[0].unlink()
    assert lake.care(**ALL_AT_ONCE).files_deleted == 2
    assert {path.name for path in files(home)} == live
