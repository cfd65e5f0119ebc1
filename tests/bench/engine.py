"""Rows a second, CPU and memory of an ask stage against a teacher that answers at once; and a rerun with nothing to do.

    python tests/bench/engine.py [ROWS …]        (default: 10000 50000 200000)

Each figure is of a process of its own. The offline teacher answers in the process, so this is the engine, the ledger,
the checks and the lake, and nobody's network. Memory and cost for each row should stay flat. "Own MB" is the peak of
memory that is the process's own; "peak MB" has the code of the libraries in it, which processes share (some 135 MB).
"""

import json
import resource
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

RECIPE = """
teacher: {model: offline}
stages:
  raw:
    kind: source
    files: dialogs.jsonl
  rewritten:
    kind: rewrite
    from: raw
    instruction: Be a happy robot.
"""


def write_dialogs(path: Path, rows: int) -> None:
    """Dialogs of about 700 characters, all different."""
    with path.open("w") as file:
        for number in range(rows):
            asked = f"Question {number}: how do I boil {number} eggs at once? " + "A few more words. " * 15
            said = f"Put {number} eggs into water. " + "Then wait for a while. " * 15
            turns = [{"role": "user", "content": asked}, {"role": "assistant", "content": said}]
            file.write(json.dumps({"messages": turns}) + "\n")


class Own(threading.Thread):
    """Watches the memory that this process shares with no other and no file."""

    peak_mb = 0.0

    def __init__(self) -> None:
        super().__init__(daemon=True)

    def run(self) -> None:
        while True:
            lines = Path("/proc/self/status").read_text().splitlines()
            own_kb = next(int(line.split()[1]) for line in lines if line.startswith("RssAnon"))
            self.peak_mb = max(self.peak_mb, own_kb / 1024)
            time.sleep(0.02)


def run_once(home: Path) -> None:
    """Runs the recipe and prints, for each stage, seconds, CPU seconds and peak memory."""
    from synth_assets.engine import Engine
    from synth_assets.recipes import load_recipe
    from synth_assets.settings import load

    started = time.perf_counter()
    own = Own()
    own.start()
    with Engine(load({}, home)) as engine:
        cpu = time.process_time()
        for result in engine.run_recipe(load_recipe(home / "bench.yaml")).results:
            told = {
                "stage": result.table.split(".")[1],
                "rows": result.tally.rows,
                "calls": result.tally.calls,
                "wall_s": result.duration_s,
                "cpu_s": time.process_time() - cpu,
                "own_mb": own.peak_mb,
                "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
            }
            print(json.dumps(told))
            cpu = time.process_time()
    print(json.dumps({"stage": "all", "wall_s": time.perf_counter() - started}))


def measured(home: Path) -> dict[str, dict[str, float]]:
    command = [sys.executable, __file__, "--once", str(home)]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    return {told["stage"]: told for told in map(json.loads, lines)}


def main(sizes: list[int]) -> None:
    print(f"{'rows':>8} {'rows/s':>8} {'CPU ms/row':>11} {'own MB':>7} {'peak MB':>8} {'rerun s':>8} {'calls':>6}")
    for rows in sizes:
        with tempfile.TemporaryDirectory() as folder:
            home = Path(folder)
            (home / "bench.yaml").write_text(RECIPE)
            write_dialogs(home / "dialogs.jsonl", rows)
            first, again = measured(home)["rewritten"], measured(home)
        speed, cpu_ms = rows / first["wall_s"], 1000 * first["cpu_s"] / rows
        memory = f"{first['own_mb']:>7.0f} {first['peak_mb']:>8.0f}"
        rerun = f"{again['all']['wall_s']:>8.2f} {again['rewritten']['calls']:>6.0f}"
        print(f"{rows:>8} {speed:>8.0f} {cpu_ms:>11.3f} {memory} {rerun}", flush=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--once"]:
        run_once(Path(sys.argv[2]))
    else:
        main([int(size) for size in sys.argv[1:]] or [10_000, 50_000, 200_000])
