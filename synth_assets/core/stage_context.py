"""What a stage may reach beyond its rows: a partition, a folder, SQL over the lake."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from synth_assets.core.contract import WHOLE, Contract, Values

PartitionScheme = Literal["none", "daily", "shards"]


@dataclass(frozen=True, slots=True)
class Partition:
    """The part of a stage that one run fills: all of it, a day or a shard."""

    key: str = WHOLE
    index: int = 0
    of: int = 1
    scheme: PartitionScheme = "none"


class SourceContext(Protocol):
    """What a source may reach: the folder its relative paths start from, and tables of the lake."""

    @property
    def folder(self) -> Path:
        """Return the recipe's folder."""

    def query(self, sql: str) -> Iterator[Values]:
        """Return the rows of a SELECT over the lake."""


class StudyContext(Protocol):
    """What a study works with: what its inputs promise, an empty folder for files, and SQL over the lake."""

    @property
    def contracts(self) -> Mapping[str, Contract]:
        """Return the contracts of the inputs, by their names."""

    @property
    def folder(self) -> Path:
        """Return where files go; those of another stage of the recipe lie in `../../<stage>/current`."""

    def query(self, sql: str) -> Iterator[Values]:
        """Return the rows of a SELECT in which the inputs go by their own names."""


class TableView(Protocol):
    """What the pictures of a stage are drawn from: its table as it was committed, and those of its recipe."""

    @property
    def table(self) -> str:
        """Return the stage's table."""

    @property
    def rejects(self) -> str:
        """Return the table of its rejects."""

    @property
    def partition_key(self) -> str:
        """Return the partition that was filled."""

    def table_of(self, stage: str) -> str:
        """Return the table of another stage of the recipe."""

    def first_asked(self, stage: str, column: str) -> str | None:
        """Return the first stage before this one in which a teacher wrote rows that have the column."""

    def rows(self, sql: str, params: Sequence[object] = ()) -> Sequence[Values]:
        """Return the rows of a SELECT, as the tables were at the commit."""


Picture = tuple[str, bytes | None]
"""A picture's name, and its PNG; None where there is nothing to see."""
