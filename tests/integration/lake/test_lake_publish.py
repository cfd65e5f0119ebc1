"""The published file: one plain DuckDB database that other versions and tools open."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from synth_assets.lake import Lake

Put = Callable[..., int]


def test_it_holds_every_table_and_says_what_it_is(lake: Lake, put: Put, tmp_path: Path) -> None:
    put("notes.days", ["a", "{DATA_PATH}"])
    last = put("mitall.raw", ["b"])
    path = tmp_path / "out" / "warehouse.duckdb"
    report = lake.publish(path)
    assert (report.path, report.snapshot, report.rows) == (path, last, 3)
    assert report.tables == ("mitall.raw", "notes.days")
    assert report.bytes == path.stat().st_size
    with duckdb.connect(str(path), read_only=True) as warehouse:
        found = warehouse.execute("SELECT body FROM notes.days WHERE body = '{DATA_PATH}'").fetchall()
        assert found == [("{DATA_PATH}",)]
        comment = warehouse.execute("SELECT comment FROM duckdb_columns() WHERE column_name = 'body'").fetchone()
        assert comment == ("what is said",)


def test_who_has_the_old_one_open_keeps_it(lake: Lake, put: Put, tmp_path: Path) -> None:
    path = tmp_path / "warehouse.duckdb"
    put("notes.days", ["old"])
    lake.publish(path)
    read = "import duckdb, sys; old = duckdb.connect(sys.argv[1], read_only=True); print('open', flush=True); input();"
    read += "print(old.execute('SELECT body FROM notes.days').fetchall())"
    reader = subprocess.Popen(
        [sys.executable, "-c", read, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert reader.stdout is not None
    assert reader.stdout.readline() == "open\n"
    put("notes.days", ["new"])
    lake.publish(path)
    out, _ = reader.communicate("go on\n")
    assert out == "[('old',)]\n"
    with duckdb.connect(str(path), read_only=True) as warehouse:
        assert warehouse.execute("SELECT body FROM notes.days").fetchall() == [("new",)]


def test_a_log_left_beside_the_old_file_does_not_reach_the_new_one(lake: Lake, put: Put, tmp_path: Path) -> None:
    path = tmp_path / "warehouse.duckdb"
    put("notes.days", ["a"])
    lake.publish(path)
    path.with_name("warehouse.duckdb.wal").write_bytes(b"left by a tool that crashed")
    path.with_name(".warehouse.duckdb.draft").write_bytes(b"left by a publish that was killed")
    lake.publish(path)
    with duckdb.connect(str(path)) as warehouse:
        assert warehouse.execute("SELECT count(*) FROM notes.days").fetchall() == [(1,)]


@pytest.mark.slow
@pytest.mark.parametrize("version", ["2.0.0", "1.1.3"])
def test_other_versions_of_duckdb_open_it(lake: Lake, put: Put, tmp_path: Path, version: str) -> None:
    put("notes.days", ["a", "b"])
    path = tmp_path / "warehouse.duckdb"
    lake.publish(path)
    packages = tmp_path / "packages"
    pip = [sys.executable, "-m", "pip", "install", "-q", "--target", str(packages), f"duckdb=={version}"]
    installed = subprocess.run(pip, capture_output=True, text=True, timeout=100)
    if installed.returncode:
        pytest.skip(f"pip cannot get duckdb {version}: {installed.stderr.strip()[-200:]}")
    ask = (
        f"import sys, json; sys.path.insert(0, {str(packages)!r}); import duckdb;"
        f"rows = duckdb.connect({str(path)!r}, read_only=True).execute('SELECT body FROM notes.days').fetchall();"
        "print(json.dumps([duckdb.__version__, rows]))"
    )
    answer = subprocess.run([sys.executable, "-I", "-c", ask], capture_output=True, text=True, check=True)
    assert json.loads(answer.stdout) == [version, [["a"], ["b"]]]
