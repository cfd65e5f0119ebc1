"""Turns what sources, queries, studies, sifts and sinks yield into rows, and reads the rows of a table for a stage."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from synth_assets.core.canonical import content_hash, json_ready
from synth_assets.core.contract import SYSTEM_COLUMNS, Contract, Values
from synth_assets.core.stage import Rejection, Row, RowOutcome, Source
from synth_assets.engine.ask import LOOKUP_ROWS
from synth_assets.engine.commit.row_ordinals import RowOrdinals
from synth_assets.engine.job import Job, MadeRow, RejectedRow
from synth_assets.lake import Lake, to_rows


@dataclass(frozen=True, slots=True)
class LakeSourceContext:
    """What a source may read from."""

    folder: Path
    lake: Lake

    def query(self, sql: str) -> Iterator[Values]:
        """Yield the rows of a SELECT over the lake."""
        for batch in self.lake.query(sql):
            yield from to_rows(batch)


@dataclass(frozen=True, slots=True)
class LakeStudyContext:
    """What a study works with."""

    contracts: Mapping[str, Contract]
    folder: Path
    query: Callable[[str], Iterator[Values]]


def read_rows(lake: Lake, table: str, partition: str | None, at: int) -> Iterator[list[Row]]:
    """Yield the rows of a table as a stage sees them, in batches that fit one look into the ledger."""
    for batch in lake.scan(table, partition=partition, at=at, batch_rows=LOOKUP_ROWS):
        yield [_row(values) for values in batch]


def _row(values: dict[str, object]) -> Row:
    own = {name: value for name, value in values.items() if name not in SYSTEM_COLUMNS}
    return Row(str(values["row_id"]), cast(Values, own))


def rows_from_source(job: Job, stage: Source, lake: Lake) -> Iterator[MadeRow | RejectedRow]:
    """The rows of a source, named by their `id` column or their content; equal ones differ by their ordinal."""
    ordinals = RowOrdinals()
    part = job.partition
    day = (part.key,) if part.scheme == "daily" else ()
    context = LakeSourceContext(job.recipe.path.parent, lake)
    for index, item in enumerate(stage.rows(part, context)):
        if job.limit is not None and index >= job.limit:
            return
        if isinstance(item, Rejection):
            yield RejectedRow({}, item.reason, item.detail)
            continue
        content = content_hash("source/1", json_ready(item if stage.id is None else {stage.id: item[stage.id]}))
        yield MadeRow(item, (*day, content), ordinals.next_ordinal((content,)))


def row_from_study(found: Values | RowOutcome, ordinals: RowOrdinals) -> MadeRow | RejectedRow:
    """Return a row of a study, or what it says became of an upstream row."""
    return (
        row_from_parent(found.parent, found.outcome)
        if isinstance(found, RowOutcome)
        else row_from_query(found, ordinals)
    )


def row_from_query(values: Values, ordinals: RowOrdinals) -> MadeRow:
    """A row of a query. Its id follows from the parents it carries, or from its content; equal ones are counted."""
    parents = tuple(cast(list[str], values.get("parent_ids") or ()))
    own = {name: value for name, value in values.items() if name not in SYSTEM_COLUMNS}
    origin = parents or (content_hash("query/1", json_ready(own)),)
    return MadeRow(own, origin, ordinals.next_ordinal(origin), parents)


def row_from_parent(parent: Row, outcome: Values | Rejection) -> MadeRow | RejectedRow:
    """Return what a sift or a sink made of one upstream row: the row of its table, or a reject."""
    parents = (parent.row_id,)
    if isinstance(outcome, Rejection):
        return RejectedRow({**parent.values, **outcome.values}, outcome.reason, outcome.detail, parents)
    return MadeRow(outcome, parents, 0, parents)
