"""Materializes a table: fills its partitions, records its checks, and tells the UI what came of it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import dagster as dg

from synth_assets.assets.checks import check_results, failure_of, verdicts_of
from synth_assets.assets.metadata import Made, metadata_of, sample_of
from synth_assets.assets.progress import describe_progress
from synth_assets.assets.tables import frame_of
from synth_assets.core.contract import Contract
from synth_assets.core.errors import SynthError
from synth_assets.core.interrupts import interrupt_on_ctrl_c
from synth_assets.core.stage import Partition
from synth_assets.engine import CheckResult, Engine, GateClosed, StageResult

Yield = dg.AssetCheckResult | dg.MaterializeResult[Any]


@dataclass(frozen=True, slots=True)
class Filling:
    """A table that an asset fills. `made` says of a result what it was made from; `after` is one more check."""

    fill: Callable[[Partition], StageResult]
    made: Callable[[StageResult], Made]
    contract: Contract
    after: Callable[[], CheckResult | None] = lambda: None


def materialize(
    context: dg.AssetExecutionContext, engine: Engine, filling: Filling, parts: Sequence[Partition]
) -> Iterator[Yield]:
    """Fills the partitions. A gate that closes is recorded as a failed check, and nothing is materialized."""
    verdicts: list[tuple[str, CheckResult]] = []
    made: list[Made] = []
    closed: GateClosed | None = None
    for part in parts:
        try:
            with interrupt_on_ctrl_c():
                result = filling.fill(part)
        except GateClosed as gate:
            closed = gate
            verdicts += [(part.key, verdict) for verdict in gate.verdicts]
        except SynthError as error:
            raise failure_of(error) from error
        else:
            made.append(filling.made(result))
            verdicts += [(part.key, verdict) for verdict in verdicts_of(result, filling.contract)]
            context.log.info(_line(result))
    last = filling.after() if closed is None else None
    verdicts += [(part.key, last) for part in parts[-1:] if last is not None]
    checks = list(check_results(verdicts))
    if closed is not None:
        yield from checks
        raise failure_of(closed) from closed
    yield _materialized(context, engine, made, checks)


def _line(result: StageResult) -> str:
    part = f" {result.partition_key}" if result.partition_key != "all" else ""
    how = f"unchanged since run {result.run_id}" if result.reused else f"committed as snapshot {result.snapshot}"
    return f"{result.table}{part}: {how}; {describe_progress(result.tally)}; {result.duration_s:.2f} s"


def _materialized(
    context: dg.AssetExecutionContext, engine: Engine, made: Sequence[Made], checks: Sequence[dg.AssetCheckResult]
) -> dg.MaterializeResult[Any]:
    """Return the materialization; where a run fills several partitions, each gets its own metadata."""
    value = frame_of(sample_of(engine, made[0]), made[0].contract)
    if len(made) == 1:
        return dg.MaterializeResult(metadata=metadata_of(engine, made[0]), check_results=checks, value=value)
    for each in made:
        context.add_asset_metadata(metadata_of(engine, each), partition_key=each.result.partition_key)
    return dg.MaterializeResult(check_results=checks, value=value)
