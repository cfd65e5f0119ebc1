"""Runs a recipe in a process, kills it, and looks at what is left. Used by a test and by tests/bench/kill.py."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from synth_assets.engine import Engine
from synth_assets.engine.care import care
from synth_assets.engine.ledger import journal
from synth_assets.engine.tables import CALLS, COMMITS
from synth_assets.recipes import load_recipe
from synth_assets.settings import load

RUNNER = """
import sys, time
from pathlib import Path
from synth_assets.engine import Engine
from synth_assets.engine.ledger.session import LedgerSession
from synth_assets.recipes import load_recipe
from synth_assets.settings import load

record = LedgerSession.record
def told(self, call, reply):
    record(self, call, reply)
    sys.stdout.write(f"{call.key} {time.time()}\\n")
    sys.stdout.flush()
LedgerSession.record = told

class Observer:
    def start(self, job): pass
    def update(self, job, tally): pass
    def finish(self, result):
        print("done", result.table, result.tally.calls, flush=True)

home, recipe = Path(sys.argv[1]), Path(sys.argv[2])
with Engine(load(dict(MISTRAL_BASE_URL=sys.argv[3]), home)) as engine:
    print("ready", flush=True)
    engine.run_recipe(load_recipe(recipe), observer=Observer())
"""
DURABLE_S = 0.05


@dataclass(frozen=True)
class Killed:
    """A run that was ended by kill -9: the replies it had told of, with their moments."""

    arrived: dict[str, float]
    killed_at: float
    finished: bool

    def due(self) -> set[str]:
        """What must have survived."""
        return {key for key, moment in self.arrived.items() if moment <= self.killed_at - DURABLE_S}


def run_and_kill(home: Path, recipe: Path, url: str, after_s: float | None) -> Killed:
    """Starts a run; kills it some time after it began to ask, or lets it finish."""
    command = [sys.executable, "-c", RUNNER, str(home), str(recipe), url]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        assert process.stdout.readline().startswith("done robots.raw")
        if after_s is not None:
            time.sleep(after_s)
            os.kill(process.pid, signal.SIGKILL)
        killed_at = time.time()
        lines = [line.split() for line in process.stdout.read().splitlines()]
    arrived = {words[0]: float(words[1]) for words in lines if len(words) == 2}
    return Killed(arrived, killed_at, any(words[:2] == ["done", "robots.finetune"] for words in lines))


def kept(home: Path) -> set[str]:
    """The keys that are in the ledger or in the journals of the dead."""
    settings = load({}, home)
    keys = set()
    for path, segment in journal.orphaned_segments(settings.journal):
        keys |= {str(record["call_key"]) for record in journal.read_segment(path)}
        segment.close()
    with Engine(settings) as engine:
        keys |= {row["call_key"] for row in engine.lake.rows(f"SELECT call_key FROM {CALLS}")}
    return keys


def faults(home: Path, rows: int, recipe: Path, url: str) -> list[str]:
    """What is wrong with the finished tables."""
    with Engine(load({"MISTRAL_BASE_URL": url}, home)) as engine:
        wrong = []
        for table in ("robots.raw", "robots.rewritten", "robots.finetune"):
            (found,) = engine.lake.rows(f"SELECT count(*) AS n, count(DISTINCT row_id) AS ids FROM {table}")
            if found != {"n": rows, "ids": rows}:
                wrong.append(f"{table}: {found}, wanted {rows}")
        (calls,) = engine.lake.rows(
            f"SELECT count(*) AS n, count(DISTINCT call_key) AS keys FROM {CALLS} WHERE NOT spare"
        )
        if calls["n"] != calls["keys"]:
            wrong.append(f"the ledger holds a key twice: {calls}")
        for result in engine.run_recipe(load_recipe(recipe)).results:
            if not result.reused:
                wrong.append(f"{result.table} was made again although it was finished")
        return wrong + _litter(engine)


def _litter(engine: Engine) -> list[str]:
    """What killed processes left behind, and care did not remove."""
    care(engine.lake, engine.settings, older_than_s=0)
    left = [str(path) for path in engine.settings.journal.iterdir() if path.stat().st_size]
    (exports,) = engine.lake.rows(f"SELECT count(DISTINCT folder) AS n FROM {COMMITS} WHERE folder IS NOT NULL")
    folders = [path for path in engine.settings.exports.glob("*/*/*") if not path.is_symlink()]
    if len(folders) != exports["n"]:
        left.append(f"{len(folders)} folders of {exports['n']} exports")
    second = care(engine.lake, engine.settings, older_than_s=0).lake
    if second.orphans_deleted:
        left.append(f"files that the first care left: {second}")
    return left
