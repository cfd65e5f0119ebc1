"""Reading: rows in their order, SQL, any snapshot, and what is refused."""

from collections.abc import Callable
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path

import duckdb
import pytest

from synth_assets import settings
from synth_assets.core.contract import Column, Contract
from synth_assets.core.dialog import Message
from synth_assets.core.errors import LakeError
from synth_assets.lake import CommitInfo, Lake, Replace, View, open_lake
from synth_assets.lake.instance import lake_errors, load_statement

Put = Callable[..., int]
EVERYTHING = Contract(
    (
        Column("words", "text"),
        Column("count", "integer"),
        Column("share", "number"),
        Column("done", "boolean"),
        Column("asked_at", "timestamp"),
        Column("talk", "dialog"),
        Column("tags", "texts"),
        Column("thing", "json"),
    )
)
ROW = {
    "row_id": "r1",
    "parent_ids": ["p1", "p2"],
    "call_keys": ["k1"],
    "words": "quotes \"'` emoji 🤖 nul \0 newline \n",
    "count": 2**62,
    "share": 0.1,
    "done": True,
    "asked_at": datetime(2026, 11, 1, 2, 3, 4, 567, tzinfo=UTC),
    "talk": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": ""}],
    "tags": [],
    "thing": '{"a":[1,{"b":null}]}',
    "partition_key": "all",
}


def test_every_type_is_read_back_as_it_was_written(lake: Lake) -> None:
    empty = dict.fromkeys(ROW) | {"row_id": "r2", "partition_key": "all"}
    with lake.stage("notes.types", EVERYTHING, calls=True) as writer:
        given = {**ROW, "talk": (Message("user", "Hi"), Message("assistant", "")), "thing": {"a": [1, {"b": None}]}}
        writer.write([given, empty])
        lake.commit([Replace(writer)], CommitInfo("run", "notes", "types"))
    assert list(lake.scan("notes.types")) == [[ROW, empty]]
    assert lake.rows("SELECT * FROM notes.types") == [ROW, empty]
    assert lake.query("SELECT * FROM notes.types").read_all().to_pylist() == [ROW, empty]
    assert lake.rows("SELECT thing->>'$.a[0]' AS one FROM notes.types")[0] == {"one": "1"}
    assert lake.columns("notes.types")["talk"] == 'STRUCT("role" VARCHAR, "content" VARCHAR)[]'


def test_a_table_is_scanned_in_order_and_in_batches(lake: Lake, put: Put) -> None:
    put("notes.many", [str(n) for n in range(9_000)])
    batches = list(lake.scan("notes.many", columns=["votes"], batch_rows=2_000))
    assert [row["votes"] for batch in batches for row in batch] == list(range(9_000))
    assert max(map(len, batches)) <= 2_048
    assert len(batches) >= 4


def test_a_scan_goes_on_with_its_snapshot(lake: Lake, put: Put) -> None:
    put("notes.many", ["a"] * 9_000)
    scan = lake.scan("notes.many", batch_rows=1_000)
    read = len(next(scan))
    put("notes.many", ["b"])
    rest = [row["body"] for batch in scan for row in batch]
    assert (read + len(rest), set(rest)) == (9_000, {"a"})


def test_the_lake_is_read_as_it_was(lake: Lake, put: Put, bodies: Callable[..., list[str]]) -> None:
    first = put("notes.days", ["a"])
    second = put("notes.days", ["b", "c"])
    assert bodies("notes.days", at=first) == ["a"]
    assert lake.count("notes.days", at=second) == 2
    assert lake.rows("SELECT body FROM lake.notes.days", at=first) == [{"body": "a"}]
    assert not lake.has("notes.days", at=0)
    with pytest.raises(LakeError, match="No snapshot found") as caught:
        lake.count("notes.days", at=99)
    assert "synth lake snapshots" in str(caught.value)


def test_what_is_a_table_now_and_was_a_view_is_read_as_it_was(lake: Lake, put: Put) -> None:
    put("notes.days", ["a"])
    was_view = lake.commit([View("notes.all", "SELECT * FROM notes.days")], CommitInfo("run", "notes", "all"))
    put("notes.days", ["b", "c"])
    is_view = lake.snapshot()
    is_table = put("notes.all", ["d"] * 7)
    put("notes.all", ["d"] * 8)
    assert [lake.count("notes.all", at=at) for at in (was_view, is_view, is_table)] == [1, 2, 7]
    assert [len(next(lake.scan("notes.all", at=at))) for at in (was_view, is_view, is_table)] == [1, 2, 7]
    assert [lake.has("notes.all", at) for at in (was_view - 1, was_view, is_table)] == [False, True, True]


def test_many_old_snapshots_can_be_read(lake: Lake, put: Put) -> None:
    snapshots = [put("notes.days", ["a"] * (n + 1)) for n in range(12)]
    streams = [lake.query("SELECT * FROM notes.days", at=at) for at in snapshots]
    assert [stream.read_all().num_rows for stream in streams] == list(range(1, 13))


def test_a_reader_that_stays_open_sees_what_others_commit(lake: Lake, put: Put, open_home: Callable[[], Lake]) -> None:
    reader = open_home()
    for n in range(1, 4):
        put("notes.days", ["a"] * n)
        put(f"notes.other_{n}", ["a"])
        assert reader.count("notes.days") == n
        assert reader.has(f"notes.other_{n}")


def test_a_query_takes_parameters_and_only_reads(lake: Lake, put: Put) -> None:
    put("notes.days", ["it's", "b"])
    assert lake.rows("SELECT votes FROM notes.days WHERE body = ?", ["it's"]) == [{"votes": 0}]
    assert lake.rows("FROM notes.days SELECT count(*) AS n WHERE body IN (SELECT unnest(?::VARCHAR[]))", [["b"]]) == [
        {"n": 1}
    ]
    for sql in ("DELETE FROM notes.days", "SELECT 1; SELECT 2", "DROP TABLE notes.days", ""):
        with pytest.raises(LakeError, match="only one SELECT"):
            lake.query(sql)
    with pytest.raises(LakeError, match="nope"):
        lake.rows("SELECT nope FROM notes.days")
    with pytest.raises(LakeError, match="no such table"):
        lake.columns("notes.nothing")


def test_a_home_can_be_moved(lake: Lake, put: Put, home: Path) -> None:
    put("notes.days", ["a"])
    lake.close()
    moved = home.rename(home.with_name("elsewhere"))
    with open_lake(settings.load({"SYNTH_HOME": str(moved)})) as again:
        assert again.count("notes.days") == 1


def test_a_closed_lake_says_so(lake: Lake, put: Put) -> None:
    put("notes.days", ["a"])
    lake.close()
    with pytest.raises(LakeError, match="closed"):
        lake.tables()


def test_a_path_with_braces_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LakeError, match="braces"):
        open_lake(settings.load({"SYNTH_HOME": str(tmp_path / "{DATA_PATH}")}))


def test_a_long_query_draws_nothing_on_the_screen(lake: Lake) -> None:
    shown = lake.rows("SELECT current_setting('enable_progress_bar') AS shown")
    assert shown == [{"shown": False}]


def test_a_reader_of_one_snapshot_sees_no_later_commit(lake: Lake, put: Put) -> None:
    first = put("notes.one", ["a"])
    with lake.open_snapshot() as now:
        assert now.snapshot() == first
        later = put("notes.one", ["b", "c"])
        assert (now.count("notes.one"), now.snapshot(), now.has("notes.one")) == (1, first, True)
        assert (lake.count("notes.one"), lake.snapshot()) == (2, later)
    with lake.open_snapshot() as now:
        assert now.snapshot() == later


def test_ctrl_c_in_a_query_is_ctrl_c() -> None:
    """DuckDB makes a RuntimeError of it. (The real thing would now and then not be heard at all: DuckDB looks for
    signals between the parts of a query.)"""
    with pytest.raises(KeyboardInterrupt), lake_errors("a.table"):
        raise RuntimeError("Query interrupted") from KeyboardInterrupt()


def test_an_extension_that_was_tampered_with_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Signatures are checked once a process; the databases opened after that trust what was checked."""
    name = Path("extensions", f"v{duckdb.__version__}", "sqlite_scanner.duckdb_extension")
    binary = bytearray((files("duckdb_extension_sqlite_scanner") / str(name)).read_bytes())
    binary[len(binary) // 2] ^= 1
    target = tmp_path / "duckdb_extension_tampered" / name.with_stem("tampered")
    target.parent.mkdir(parents=True)
    target.write_bytes(binary)
    (tmp_path / "duckdb_extension_tampered" / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(LakeError, match="signature"):
        load_statement("tampered")
