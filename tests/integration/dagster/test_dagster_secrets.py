"""The key is in nothing that faulty runs leave behind: lake, journal, Dagster's home, what was printed, processes."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from aiohttp import web

from synth_assets.teacher.served import server as teacher_server
from synth_assets.teacher.served.chat import ServedChat
from tests.support.served_ui import served as serve_ui

pytestmark = pytest.mark.slow

KEY = "sk-never-to-be-seen-4711-and-long-enough"
MARK = "Be a robot by the name of Mark."
RECIPE = f"""
teacher: {{model: mistral-small-latest, limits: {{concurrency: 4, retries: 1, timeout_s: 2}}}}
stages:
  raw: {{kind: source, files: talks.jsonl}}
  said: {{kind: rewrite, from: raw, instruction: {MARK}}}
  finetune: {{kind: chat_jsonl, from: said}}
"""
FAULTS = "all=20%,400=10%,latency=20ms,retry_after=0.01"


def talk(number: int) -> dict[str, object]:
    turns = [("user", f"What is {number}?"), ("assistant", f"It is {number}.")]
    return {"messages": [{"role": role, "content": content} for role, content in turns]}


@pytest.fixture
def _telltale(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each error of the server repeats the key, at the end of what is shown of it as well."""
    status = ServedChat.status

    def tell(self: ServedChat, number: int, said: str = "") -> web.Response:
        return status(self, number, f"Incorrect API key provided: {KEY}. {'Once more: ' * 16}{KEY}")

    monkeypatch.setattr(ServedChat, "status", tell)


class Watch(threading.Thread):
    """Looks at the command lines of all processes, over and over."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.seen: set[bytes] = set()
        self.over = threading.Event()

    def run(self) -> None:
        while not self.over.wait(0.05):
            for path in Path("/proc").glob("[0-9]*/cmdline"):
                try:
                    self.seen.add(path.read_bytes())
                except OSError:  # it has ended
                    continue


@contextmanager
def watched() -> Iterator[Watch]:
    watch = Watch()
    watch.start()
    try:
        yield watch
    finally:
        watch.over.set()
        watch.join()


def contents(path: Path) -> str:
    """All that a file holds, decoded: a key in compressed columns or across the pages of a database would not show."""
    if path.suffix == ".parquet":
        return repr(pq.ParquetFile(path).read().to_pylist()) + repr(pq.read_metadata(path))
    raw = path.read_bytes()
    if not raw.startswith(b"SQLite format 3"):
        return raw.decode("utf-8", "replace")
    with closing(sqlite3.connect(path)) as database:
        tables = [row[0] for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return repr([database.execute(f'SELECT * FROM "{table}"').fetchall() for table in tables])


def everything(folder: Path) -> dict[Path, str]:
    return {path: contents(path) for path in sorted(folder.rglob("*")) if path.is_file() and not path.is_symlink()}


def require_no_key(found: dict[Any, str]) -> None:
    # Not even its start: it may have been cut.
    assert [name for name, text in found.items() if KEY[:12] in text] == []


def run_and_kill(folder: Path, environ: dict[str, str], teacher: teacher_server.ServedTeacher) -> str:
    """`synth run`, killed as soon as some answers are in the journal; what it said."""
    command = [sys.executable, "-m", "synth_assets.cli", "run", "robots"]
    with subprocess.Popen(
        command, cwd=folder, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        until = time.monotonic() + 60
        while teacher.counts.answers < 8 and process.poll() is None and time.monotonic() < until:
            time.sleep(0.01)
        time.sleep(0.2)
        os.kill(process.pid, signal.SIGKILL)
        assert process.stdout is not None
        return process.stdout.read()


@pytest.mark.usefixtures("_telltale")
def test_the_key_is_in_nothing_that_faulty_runs_leave_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "recipes").mkdir()
    (tmp_path / "recipes" / "robots.yaml").write_text(RECIPE)
    lines = [json.dumps(talk(number)) for number in range(60)]
    (tmp_path / "recipes" / "talks.jsonl").write_text("\n".join(lines))
    monkeypatch.setenv("MISTRAL_API_KEY", KEY)
    environ = {**os.environ, "SYNTH_HOME": str(tmp_path / ".synth")}
    command = [sys.executable, "-m", "synth_assets.cli", "run", "robots"]
    with watched() as watch:
        with teacher_server.served(faults=FAULTS) as teacher:
            port = int(teacher.url.rpartition(":")[2])
            environ["MISTRAL_BASE_URL"] = teacher.url
            said = run_and_kill(tmp_path, environ, teacher)
            left = everything(tmp_path)
            assert any(MARK in text for path, text in left.items() if "journal" in path.parts)
            require_no_key(left)
            whole = subprocess.run(command, cwd=tmp_path, env=environ, capture_output=True, text=True, check=True)
        monkeypatch.setenv("MISTRAL_BASE_URL", teacher.url)
        lines = [json.dumps(talk(number)) for number in range(100, 160)]
        (tmp_path / "recipes" / "talks.jsonl").write_text("\n".join(lines))
        with teacher_server.served(faults=f"{FAULTS},expire_key_after=20", port=port), serve_ui(tmp_path) as ui:
            ui.wait_for_words("Ctrl-C ends it all")
            assert ui.run("robots") == "FAILURE"
            ended = subprocess.run(command, cwd=tmp_path, env=environ, capture_output=True, text=True, check=False)
    assert "the key was not accepted" in ended.stderr + ended.stdout
    left = everything(tmp_path)
    require_found(left)
    printed = {"killed": said, "out": whole.stdout, "err": whole.stderr, "last out": ended.stdout, "last": ended.stderr}
    require_no_key({**left, **printed})
    require_no_key({line: line.decode("utf-8", "replace") for line in watch.seen})
    assert any(b"synth_assets" in line for line in watch.seen)


def require_found(left: dict[Path, str]) -> None:
    """The search does find what is there: the prompt in the lake, the setbacks in the rejects and Dagster's log."""
    parquet = [text for path, text in left.items() if path.suffix == ".parquet"]
    databases = [text for path, text in left.items() if path.suffix == ".db"]
    assert any(MARK in text for text in parquet)
    assert any("Incorrect API key provided: ***" in text for text in parquet)
    assert any("the key was not accepted" in text for text in databases)
