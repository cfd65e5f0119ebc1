"""What a source may reach in these tests: a folder, and a lake that answers with given rows."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from synth_assets.core.canonical import Json
from synth_assets.core.stage import Partition, Rejection
from synth_assets.kinds.read.source import RowSource

Read = Callable[..., tuple[list[Mapping[str, Json]], list[Rejection]]]


@dataclass
class Folder:
    folder: Path

    def query(self, sql: str) -> Iterator[Mapping[str, Json]]:
        yield {"text": sql}


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """The rows and the rejects of a source that is written like in a recipe."""

    def read_source(partition: Partition = Partition(), **keys: object):  # noqa: B008 - a frozen value
        source = RowSource.model_validate(keys)
        source.contract({})
        outcomes = list(source.rows(partition, Folder(tmp_path)))
        rejects = [outcome for outcome in outcomes if isinstance(outcome, Rejection)]
        return [outcome for outcome in outcomes if not isinstance(outcome, Rejection)], rejects

    return read_source
