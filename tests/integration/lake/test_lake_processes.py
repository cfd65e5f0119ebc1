"""Many processes on one lake: the first open, writers beside readers, and kills at any moment."""

import random
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from synth_assets.lake import Lake

PROCESS = Path(__file__).parents[2] / "support" / "lake_process.py"
CHECK = "SELECT partition_key, count(*) AS n, count(DISTINCT version) AS versions FROM work.rows GROUP BY 1 ORDER BY 1"


def start(*arguments: object) -> "subprocess.Popen[str]":
    command = [sys.executable, str(PROCESS), *map(str, arguments)]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True)


def read_line(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def finish(process: "subprocess.Popen[str]", entered: str = "") -> str:
    out, errors = process.communicate(entered, timeout=100)
    assert process.returncode == 0, errors
    return out


@pytest.mark.slow
def test_processes_that_race_to_make_the_lake_all_get_it(home: Path, open_home: Callable[[], Lake]) -> None:
    racers = [start("race", home, name) for name in ("one", "two", "three")]
    assert [read_line(racer) for racer in racers] == ["ready"] * 3
    for racer in racers:
        assert racer.stdin is not None
        racer.stdin.write("go\n")
        racer.stdin.flush()
    for racer in racers:
        finish(racer)
    lake = open_home()
    assert [row["partition_key"] for row in lake.rows(CHECK)] == ["one", "three", "two"]
    assert lake.count("work.log") == 3


@pytest.mark.slow
def test_writers_and_a_reader_never_see_half_a_commit_or_an_error(
    home: Path, open_home: Callable[[], Lake], tmp_path: Path
) -> None:
    stop = tmp_path / "stop"
    finish(start("write", home, "zero", 1))
    reader = start("read", home, stop)
    for process in [start("write", home, name, 25) for name in ("one", "two")]:
        finish(process)
    stop.touch()
    assert int(finish(reader)) >= 20
    assert open_home().count("work.log") == 51


@pytest.mark.slow
def test_a_kill_at_any_moment_leaves_whole_commits_and_nothing_that_care_does_not_remove(
    home: Path, lake: Lake, open_home: Callable[[], Lake]
) -> None:
    finish(start("write", home, "victim", 1))
    dice = random.Random(4)
    for _ in range(4):
        victim = start("killed", home, "victim")
        acknowledged = int(read_line(victim))
        time.sleep(dice.random() * 0.2)
        victim.kill()
        acknowledged = max([acknowledged, *map(int, victim.communicate()[0].split())])
        [log] = lake.rows("SELECT max(version) AS last, count(*) AS n FROM work.log")
        assert log["last"] == log["n"], "each version once"
        assert acknowledged <= log["last"] <= acknowledged + 1, "what was acknowledged is stored; one more may be"
        [rows] = lake.rows("SELECT min(version) AS low, max(version) AS high, count(*) AS n FROM work.rows")
        assert rows == {"low": log["last"], "high": log["last"], "n": 200}
        assert len(lake.commits_of(f"victim-{log['last']}")) == 1
    lake.care(older_than_s=0, orphans_older_than_s=0)
    live = lake.rows("SELECT filename FROM work.rows UNION SELECT filename FROM work.log")
    left = {path.name for path in (home / "lake" / "data").rglob("*.parquet")}
    assert {Path(row["filename"]).name for row in live} == left
    assert len(list((home / "lake" / "sessions").iterdir())) <= 1


@pytest.mark.slow
def test_a_kill_while_the_lake_is_made_does_not_spoil_it(home: Path, open_home: Callable[[], Lake]) -> None:
    dice = random.Random(7)
    for _ in range(4):
        victim = start("write", home, "victim", 1)
        catalog = home / "lake" / "catalog.sqlite"
        while not catalog.exists() and victim.poll() is None:
            time.sleep(0.001)
        time.sleep(dice.random() * 0.02)
        victim.kill()
        victim.communicate()
        if dice.random() < 0.5:
            open_home()
    finish(start("write", home, "next", 2))
    assert open_home().count("work.rows", "next") == 200
