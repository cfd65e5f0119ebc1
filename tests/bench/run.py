"""A whole run of 2,000 rows against a server that takes 50 ms, from start to end: `python tests/bench/run.py [ROWS]`.

Each command is a process of its own: Python starts, the recipe is read, rows are read, rewritten, checked, committed
and exported, then the SQL models follow; the rerun finds that there is nothing to do. `dagster job` is the same recipe
as a job of Dagster. Beside them stands what the waiting alone takes, with 64 calls at once.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from synth_assets.teacher.served.server import served

BIN = Path(sys.executable).parent
REPEAT = 3
AT_ONCE, LATENCY_S = 64, 0.05
RECIPE = """
teacher: {model: mistral-small-latest, limits: {concurrency: 64}}
stages:
  raw: {kind: source, files: dialogs.jsonl}
  rewritten: {kind: rewrite, from: raw, instruction: Be a happy robot.}
  finetune: {kind: chat_jsonl, from: rewritten, validation: 0.05}
"""
RUN = {
    "synth run": [str(BIN / "synth"), "run", "bench"],
    "dagster job": [str(BIN / "dagster"), *["job", "execute", "-m", "synth_assets.definitions", "-j", "bench"]],
}


def dialogs(rows: int) -> str:
    return "".join(
        json.dumps(
            {
                "messages": [
                    {"role": "user", "content": f"Question {number}: how do I boil {number} eggs? " + "Words. " * 40},
                    {"role": "assistant", "content": f"Put {number} eggs into water. " + "Wait a while. " * 40},
                ]
            }
        )
        + "\n"
        for number in range(rows)
    )


def seconds(command: list[str], folder: Path, url: str) -> float:
    environment = {**os.environ, "MISTRAL_BASE_URL": url, "MISTRAL_API_KEY": "none", "SYNTH_HOME": str(folder / "home")}
    environment["DAGSTER_HOME"] = str(folder / "dagster")
    (folder / "dagster").mkdir(exist_ok=True)
    started = time.perf_counter()
    subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True)
    return time.perf_counter() - started


def once(command: list[str], rows: int) -> tuple[float, float, int]:
    with tempfile.TemporaryDirectory() as name, served(faults=f"latency={LATENCY_S}s") as server:
        folder = Path(name)
        (folder / "recipes").mkdir()
        (folder / "recipes" / "bench.yaml").write_text(RECIPE)
        (folder / "recipes" / "dialogs.jsonl").write_text(dialogs(rows))
        first, again = seconds(command, folder, server.url), seconds(command, folder, server.url)
        return first, again, int(str(server.stats()["calls"]))


def main(rows: int) -> None:
    print(f"{rows} rows at {1000 * LATENCY_S:.0f} ms, {AT_ONCE} at once: {rows * LATENCY_S / AT_ONCE:.1f} s of waiting")
    print(f"{'':12} {'run s':>7} {'rerun s':>8} {'calls':>7}   medians of {REPEAT}")
    for name, command in RUN.items():
        runs = [once(command, rows) for _ in range(REPEAT)]
        first, again, calls = (statistics.median(each) for each in zip(*runs, strict=True))
        print(f"{name:12} {first:>7.2f} {again:>8.2f} {calls:>7.0f}", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2000)
