"""What other processes do to a lake in these tests: `python lake_process.py WHAT HOME ...`."""

import sys
from pathlib import Path

from synth_assets import settings
from synth_assets.core.contract import Column, Contract
from synth_assets.lake import Append, CommitInfo, Lake, Replace, open_lake

CONTRACT = Contract((Column("version", "integer"), Column("body", "text")))
ROWS = 200


def open_home(home: str) -> Lake:
    return open_lake(settings.load({"SYNTH_HOME": home}))


def write(lake: Lake, name: str, version: int) -> None:
    """One commit over two tables: a partition of one replaced, a line of a log added."""
    about = CommitInfo(f"{name}-{version}", "work", "rows", name)
    with lake.stage("work.rows", CONTRACT, name) as rows, lake.stage("work.log", CONTRACT, ids=False) as log:
        rows.write([{"row_id": f"{name}-{n}", "version": version, "body": "{DATA_PATH}"} for n in range(ROWS)])
        log.write([{"version": version, "body": name}])
        lake.commit([Replace(rows), Append(log)], about)


def race(home: str, name: str) -> None:
    """Opens the lake at the same moment as the other processes, and writes to it."""
    print("ready", flush=True)
    input()
    with open_home(home) as lake:
        write(lake, name, 1)


def write_many(home: str, name: str, commits: str) -> None:
    with open_home(home) as lake:
        for version in range(1, int(commits) + 1):
            write(lake, name, version)


def write_until_killed(home: str, name: str) -> None:
    """Commits one version after the other, and prints each once it is committed."""
    with open_home(home) as lake:
        [last] = lake.rows("SELECT coalesce(max(version), 0) AS version FROM work.log WHERE body = ?", [name])
        version = int(last["version"])
        while True:
            version += 1
            write(lake, name, version)
            print(version, flush=True)


def read_many(home: str, stop: str) -> None:
    """Asks until the file is there; each answer must be of one moment."""
    asked = 0
    with open_home(home) as lake:
        while not Path(stop).exists() or asked < 20:
            check(lake)
            asked += 1
    print(asked)


def check(lake: Lake) -> None:
    """Every partition has all rows of one version: the last one in the log."""
    sql = (
        "WITH stored AS (SELECT partition_key AS name, version, count(*) AS n FROM work.rows GROUP BY ALL),"
        " logged AS (SELECT body AS name, max(version) AS version, count(*) AS n FROM work.log GROUP BY 1)"
        " SELECT name, stored.version, logged.version AS logged, stored.n, logged.n AS commits"
        " FROM stored FULL JOIN logged USING (name)"
    )
    for row in lake.rows(sql):
        assert row["version"] == row["logged"] == row["commits"], row
        assert row["n"] == ROWS, row


if __name__ == "__main__":
    what, *arguments = sys.argv[1:]
    {"race": race, "write": write_many, "killed": write_until_killed, "read": read_many}[what](*arguments)
