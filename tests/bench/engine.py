"""Rows a second, CPU and memory of an ask stage against a teacher that answers at once; and a rerun with nothing to do.

    python tests/bench/engine.py [ROWS …]        (default: 1000 10000 100000)

Each figure is of a process of its own. The offline teacher answers in the process, so this is the engine, the ledger,
the checks and the lake, and nobody's network. Memory and cost for each row should stay flat.
"""

import json
import resource
import subprocess
import sys
import tempfile
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


def run_once(home: Path) -> None:
    """Runs the recipe and prints, for each stage, seconds, CPU seconds and peak memory."""
    from synth_assets.engine import Engine, Wish
    from synth_assets.recipes import load_recipe
    from synth_assets.settings import load

    started = time.perf_counter()
    with Engine(load({}, home)) as engine:
        cpu = time.process_time()
        for result in engine.run_all(load_recipe(home / "bench.yaml"), Wish()):
            told = {
                "stage": result.table.split(".")[1],
                "rows": result.tally.rows,
                "calls": result.tally.calls,
                "wall_s": result.duration_s,
                "cpu_s": time.process_time() - cpu,
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
    print(f"{'rows':>8} {'rows/s':>8} {'CPU ms/row':>11} {'peak MB':>8} {'rerun s':>8} {'rerun calls':>12}")
    for rows in sizes:
        with tempfile.TemporaryDirectory() as folder:
            home = Path(folder)
            (home / "bench.yaml").write_text(RECIPE)
            write_dialogs(home / "dialogs.jsonl", rows)
            first, again = measured(home)["rewritten"], measured(home)
            print(
                f"{rows:>8} {rows / first['wall_s']:>8.0f} {1000 * first['cpu_s'] / rows:>11.3f}"
                f" {first['peak_mb']:>8.0f} {again['all']['wall_s']:>8.2f} {again['rewritten']['calls']:>12.0f}",
                flush=True,
            )


if __name__ == "__main__":
    if sys.argv[1:2] == ["--once"]:
        run_once(Path(sys.argv[2]))
    else:
        main([int(size) for size in sys.argv[1:]] or [1_000, 10_000, 100_000])
