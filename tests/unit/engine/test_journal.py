"""The journal keeps what was appended, whoever dies, and tells the living from the dead."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from synth_assets.engine.ledger import journal
from synth_assets.engine.ledger.journal import Journal

WRITER = """
import sys, time
from pathlib import Path
from synth_assets.engine.ledger.journal import Journal
journal = Journal(Path(sys.argv[1]), "run")
for n in range(10_000_000):
    journal.append({"n": n})
    print(n, time.time(), flush=True)
    time.sleep(0.001)
"""


def test_what_was_appended_is_read_back_in_order(tmp_path: Path) -> None:
    with Journal(tmp_path, "run") as kept:
        for number in range(1000):
            kept.append({"n": number, "text": "a line\nbreak and “quotes” 🤖"})
    (path,) = tmp_path.glob("*.jsonl")
    assert [record["n"] for record in journal.read_segment(path)] == list(range(1000))


def test_an_empty_journal_leaves_nothing_behind(tmp_path: Path) -> None:
    with Journal(tmp_path, "run"):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_rotated_segment_holds_what_came_before(tmp_path: Path) -> None:
    with Journal(tmp_path, "run") as kept:
        kept.append({"n": 1})
        path, segment, records = kept.rotate()
        kept.append({"n": 2})
        assert journal.read_segment(path) == records == [{"n": 1}]
        journal.drop_segment(path, segment)
    (rest,) = tmp_path.glob("*.jsonl")
    assert journal.read_segment(rest) == [{"n": 2}]


def test_a_torn_last_line_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "torn.jsonl"
    path.write_text('{"n": 1}\n{"n": 2')
    assert journal.read_segment(path) == [{"n": 1}]


def test_the_segments_of_the_living_are_not_orphans(tmp_path: Path) -> None:
    with Journal(tmp_path, "run") as kept:
        kept.append({"n": 1})
        assert list(journal.orphaned_segments(tmp_path)) == []
    taken = list(journal.orphaned_segments(tmp_path))
    assert [journal.read_segment(path) for path, _ in taken] == [[{"n": 1}]]
    assert list(journal.orphaned_segments(tmp_path)) == [], "a segment is taken up once"
    for path, segment in taken:
        journal.drop_segment(path, segment)


def test_a_killed_process_loses_at_most_the_last_50_ms(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        writer.stdout.readline()
        time.sleep(0.5)
        os.kill(writer.pid, signal.SIGKILL)
        killed_at = time.time()
        said = [line.split() for line in writer.stdout.read().splitlines()]
    ((path, segment),) = journal.orphaned_segments(tmp_path)
    kept = {record["n"] for record in journal.read_segment(path)}
    segment.close()
    old_enough = {int(number) for number, moment in said if float(moment) < killed_at - 0.05}
    assert len(old_enough) > 50
    assert old_enough <= kept
