"""A lake of its own for each test, and short ways to write to it."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

import pytest

from synth_assets import settings
from synth_assets.core.contract import Column, Contract
from synth_assets.lake import Append, CommitInfo, Lake, Replace, open_lake

CONTRACT = Contract(
    (Column("body", "text", "what is said"), Column("votes", "integer", "how often", nullable=True)),
    "Notes, to try the lake with",
)


class Put(Protocol):
    def __call__(self, table: str, bodies: Sequence[str], **options: Any) -> int: ...


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "it's a home of Zoë"


@pytest.fixture
def open_home(home: Path) -> Iterator[Callable[[], Lake]]:
    """Opens the lake of the test once more, as another process would."""
    opened: list[Lake] = []

    def another() -> Lake:
        opened.append(open_lake(settings.load({"SYNTH_HOME": str(home)})))
        return opened[-1]

    yield another
    for lake in opened:
        lake.close()


@pytest.fixture
def lake(open_home: Callable[[], Lake]) -> Lake:
    return open_home()


@pytest.fixture
def put(lake: Lake) -> Put:
    """Commits notes to a table: `partition`, `contract`, `append`, `run_id` and `guard` if given."""

    def commit(table: str, bodies: Sequence[str], **options: Any) -> int:
        contract, partition = options.get("contract", CONTRACT), options.get("partition", "all")
        with lake.stage(table, contract, partition) as writer:
            names = set(contract.names())
            rows = [{"row_id": f"{partition}-{n}", "body": body, "votes": n} for n, body in enumerate(bodies)]
            writer.write([{key: row[key] for key in row if key in names | {"row_id"}} for row in rows])
            change = Append(writer) if options.get("append") else Replace(writer)
            about = CommitInfo(options.get("run_id", "run-1"), *table.split("."), partition)
            return lake.commit([change], about, guard=options.get("guard"))

    return commit


@pytest.fixture
def bodies(lake: Lake) -> Callable[..., list[str]]:
    """The notes of a table, in the order they are stored in."""

    def read(table: str, **options: Any) -> list[str]:
        return [row["body"] for batch in lake.scan(table, **options) for row in batch]

    return read
