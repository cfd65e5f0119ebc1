"""Fills a table from rows that are there already: those of a SQL model, or of a frame somebody made."""

import time
from collections import Counter
from collections.abc import Iterable

from synth_assets.core.contract import Values
from synth_assets.engine.build import Build
from synth_assets.engine.commits import InputState, latest, reused
from synth_assets.engine.job import StageResult, Work
from synth_assets.engine.outcomes import made_by_query
from synth_assets.lake import Lake


def fill(
    lake: Lake, work: Work, rows: Iterable[Values], fingerprint: str, inputs: dict[str, InputState] | None = None
) -> StageResult:
    """Checks the rows and commits them, unless the table holds them already. `parent_ids` are carried over."""
    started = time.monotonic()
    base = latest(lake, work.table).get(work.partition_key)
    siblings: Counter[tuple[str, ...]] = Counter()
    with Build(lake, work, fingerprint, base) as build:
        for values in rows:
            build.tally.input_rows += 1
            build.add(made_by_query(values, siblings))
        if base is not None and build.is_unchanged():
            return reused(work, base, lake.snapshot(), started)
        return build.commit(inputs or {})
