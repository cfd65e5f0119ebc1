"""`synth up` as a process, and questions to the webserver it serves."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from synth_assets.assets.services import free_port
from synth_assets.assets.webserver import Webserver

PATIENCE_S = 90.0
LAUNCH = """mutation ($params: ExecutionParams!) { launchRun(executionParams: $params) {
  __typename ... on LaunchRunSuccess { run { runId } } ... on PythonError { message } } }"""
BACKFILL = """mutation ($params: LaunchBackfillParams!) { launchPartitionBackfill(backfillParams: $params) {
  __typename ... on LaunchBackfillSuccess { backfillId } ... on PythonError { message } } }"""
STATUS = "query ($id: ID!) { runOrError(runId: $id) { ... on Run { status } } }"
BACKFILL_STATUS = (
    "query ($id: String!) { partitionBackfillOrError(backfillId: $id) { ... on PartitionBackfill { status } } }"
)


@dataclass
class Served:
    """A `synth up` that is under way."""

    process: "subprocess.Popen[str]"
    web: Webserver
    home: Path
    said: Path

    def text(self) -> str:
        return self.said.read_text()

    def wait_for(self, what: Callable[[], bool], why: str) -> None:
        until = time.monotonic() + PATIENCE_S
        while not what():
            assert self.process.poll() is None, self.text()
            assert time.monotonic() < until, f"{why} never came:\n{self.text()}"
            time.sleep(0.1)

    def wait_for_words(self, words: str) -> None:
        self.wait_for(lambda: words in self.text(), words)

    def run(self, job: str, **tags: str) -> str:
        """Launches a job and waits for its end; its status."""
        selector = {"repositoryLocationName": "synth_assets", "repositoryName": "__repository__", "jobName": job}
        told = [{"key": key, "value": value} for key, value in tags.items()]
        params = {"selector": selector, "runConfigData": {}, "executionMetadata": {"tags": told}}
        launched = self.web.ask(LAUNCH, params=params)["launchRun"]
        assert launched["__typename"] == "LaunchRunSuccess", launched
        run_id = launched["run"]["runId"]
        return self._end_of(lambda: str(self.web.ask(STATUS, id=run_id)["runOrError"]["status"]))

    def start_backfill(self, keys: list[str], partitions: list[str]) -> str:
        """Asks the daemon to fill partitions of assets, which it begins within half a minute; the backfill's id."""
        params = {"assetSelection": [{"path": key.split("/")} for key in keys], "partitionNames": partitions}
        launched = self.web.ask(BACKFILL, params=params)["launchPartitionBackfill"]
        assert launched["__typename"] == "LaunchBackfillSuccess", launched
        return str(launched["backfillId"])

    def end_of_backfill(self, asked: str) -> str:
        """Waits for it; its status."""
        return self._end_of(lambda: str(self.web.ask(BACKFILL_STATUS, id=asked)["partitionBackfillOrError"]["status"]))

    def _end_of(self, status: Callable[[], str]) -> str:
        ends = ("SUCCESS", "FAILURE", "CANCELED", "COMPLETED_SUCCESS", "COMPLETED_FAILED", "COMPLETED", "FAILED")
        self.wait_for(lambda: status() in ends, "the end of a run")
        return status()

    def children(self) -> list[int]:
        """All processes that serve this home, whoever started them."""
        found = []
        for path in Path("/proc").glob("[0-9]*/environ"):
            try:
                if f"DAGSTER_HOME={self.home / 'dagster'}\0".encode() in path.read_bytes():
                    found.append(int(path.parent.name))
            except OSError:
                continue
        return [pid for pid in found if pid not in (os.getpid(), self.process.pid) and not _is_zombie(pid)]

    def end(self, number: int = signal.SIGINT) -> int:
        """Ends it as a person would; its exit code."""
        self.process.send_signal(number)
        return self.process.wait(PATIENCE_S)


def _is_zombie(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


@contextmanager
def served(folder: Path, *arguments: str, port: int | None = None, name: str = "up") -> Iterator[Served]:
    """Starts `synth up` in a folder; it is ended whatever happens."""
    chosen = port or free_port()
    home, said = folder / ".synth", folder / f"{name}.txt"
    environ = {key: value for key, value in os.environ.items() if not key.startswith(("SYNTH_", "DAGSTER_"))}
    command = [sys.executable, "-c", "from synth_assets.cli import main; main()", "up", "--port", str(chosen)]
    root = str(Path(__file__).resolve().parents[2])
    with said.open("w") as out:
        process = subprocess.Popen(
            [*command, *arguments],
            cwd=folder,
            env={**environ, "PYTHONPATH": root, "SYNTH_HOME": str(home), "PYTHONUNBUFFERED": "1"},
            stdout=out,
            stderr=subprocess.STDOUT,
            text=True,
        )
    try:
        yield Served(process, Webserver("127.0.0.1", chosen), home, said)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            process.wait(PATIENCE_S)


def metadata_of(web: Webserver, key: str) -> dict[str, dict[str, Any]]:
    """What the UI is told of an asset's latest materialization."""
    query = """query ($key: AssetKeyInput!) { assetOrError(assetKey: $key) { ... on Asset {
      assetMaterializations(limit: 1) { runId metadataEntries { __typename label description
        ... on IntMetadataEntry { intValue } ... on FloatMetadataEntry { floatValue }
        ... on TextMetadataEntry { text } ... on MarkdownMetadataEntry { mdStr } ... on PathMetadataEntry { path }
        ... on BoolMetadataEntry { boolValue }
        ... on TableMetadataEntry { table { records schema { columns { name } } } }
        ... on TableSchemaMetadataEntry { schema { columns { name type description } } }
        ... on TableColumnLineageMetadataEntry { lineage { columnName columnDeps { assetKey { path } columnName } } }
      } } } } }"""
    (made,) = web.ask(query, key={"path": key.split("/")})["assetOrError"]["assetMaterializations"]
    return {entry["label"]: entry for entry in made["metadataEntries"]}
