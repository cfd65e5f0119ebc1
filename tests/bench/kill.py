"""Ends a run with kill -9 at random moments, and counts what was lost and what was bought twice.

    python tests/bench/kill.py [KILLS] [ROWS]        (default: 50 12000)

The served teacher takes 320 ms and 64 calls are in flight: 200 replies a second. After each kill, every reply that had
arrived 50 ms before must be in the ledger or the journal; the next run may ask again for the 64 in flight at most.
"""

import json
import random
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from synth_assets.teacher.served.server import served
from tests.integration.engine.conftest import RECIPE, dialog
from tests.support import killed_runs as killing

IN_FLIGHT = 64


def main(kills: int, rows: int) -> int:
    dice = random.Random(0)
    lost, again, most = 0, 0, 0
    with tempfile.TemporaryDirectory() as folder, served(faults="latency=320ms") as server:
        home = Path(folder)
        recipe = home / "robots.yaml"
        teacher = f"model: mistral-small-latest, limits: {{{{concurrency: {IN_FLIGHT}}}}}"
        recipe.write_text(RECIPE.replace("model: offline", teacher).format(instruction="Be a robot."))
        lines = (json.dumps({"messages": dialog(number)}) + "\n" for number in range(rows))
        (home / "dialogs.jsonl").write_text("".join(lines))
        for number in range(1, kills + 1):
            before = int(str(server.stats()["calls"]))
            killed = killing.run_and_kill(home, recipe, server.url, dice.uniform(0.05, 2.0))
            kept = killing.kept(home)
            lost += len(killed.due() - kept)
            now = int(str(server.stats()["calls"]))
            again = now - len(kept)
            most = max(most, (now - before) - len(killed.arrived))
            print(f"kill {number}: {len(kept)} replies kept, {lost} lost, {again} calls bought again", flush=True)
        finished = killing.run_and_kill(home, recipe, server.url, None).finished
        faults = killing.faults(home, rows, recipe, server.url)
        calls = int(str(server.stats()["calls"]))
    print(f"{kills} kills: {lost} replies lost; {calls - rows} of {calls} calls were asked again,")
    print(f"{(calls - rows) / kills:.1f} for each kill, {most} at most ({IN_FLIGHT} in flight)")
    print(f"the last run finished: {finished}; faults in the tables: {faults or 'none'}")
    return 1 if lost or faults or not finished or most > IN_FLIGHT else 0


if __name__ == "__main__":
    sys.exit(main(*(int(word) for word in sys.argv[1:])) if len(sys.argv) == 3 else main(50, 12_000))
