"""The checks of a contract as asset checks: gates block what follows, the others only warn."""

import warnings
from collections.abc import Iterator, Sequence

import dagster as dg

from synth_assets.assets.tables import table_of
from synth_assets.core.contract import Contract, Values
from synth_assets.core.errors import SynthError
from synth_assets.engine import CheckResult, StageResult
from synth_assets.engine.checks.table_check import TableCheck, check_names

_PROMISES = {
    "rows_are_valid": "Every row keeps to the contract of its columns (Pandera).",
    "enough_rows": "The table holds at least as many rows as wanted.",
    "few_rejects": "The share of rejects stays below the gate.",
    "goal_is_reached": "The rows that the recipe's goal wants are there; it warns and blocks nothing.",
    "reject_rate": "The share of rejects is not unusual; it warns and blocks nothing.",
}


def check_specs(
    key: dg.AssetKey, contract: Contract, partitions: dg.PartitionsDefinition[str] | None
) -> list[dg.AssetCheckSpec]:
    """Return a check for each verdict that a commit of the contract brings."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", dg.PreviewWarning)
        return [
            dg.AssetCheckSpec(
                name,
                asset=key,
                description=_PROMISES.get(name, f"{name.replace('_', ' ').capitalize()}."),
                blocking=blocking,
                partitions_def=partitions,
            )
            for name, blocking in check_names(contract).items()
        ]


def verdicts_of(result: StageResult, contract: Contract) -> Sequence[CheckResult]:
    """Return the verdicts of a result. One that was reused passed its gates when it was committed."""
    if result.verdicts or not result.reused:
        return result.verdicts
    return TableCheck(contract, rows=result.tally.rows, rejects=result.tally.rejects).verdicts()


def check_results(verdicts: Sequence[tuple[str, CheckResult]]) -> Iterator[dg.AssetCheckResult]:
    """Yield one result for each check: of one partition, or of all that a run filled, each named."""
    names = dict.fromkeys(verdict.name for _, verdict in verdicts)
    for name in names:
        yield _result([(part, verdict) for part, verdict in verdicts if verdict.name == name])


def _result(verdicts: Sequence[tuple[str, CheckResult]]) -> dg.AssetCheckResult:
    first = verdicts[0][1]
    several = len(verdicts) > 1
    items = [f"{part}: {verdict.description}" if several else verdict.description for part, verdict in verdicts]
    failing = [_shown(row) for _, verdict in verdicts for row in verdict.failing]
    return dg.AssetCheckResult(
        check_name=first.name,
        passed=all(verdict.passed for _, verdict in verdicts),
        severity=dg.AssetCheckSeverity.ERROR if first.blocking else dg.AssetCheckSeverity.WARN,
        description="; ".join(items),
        metadata={"failing rows": table_of(failing)} if failing else {},
    )


def _shown(row: Values) -> Values:
    return {name: value for name, value in row.items() if name not in ("parent_ids", "call_keys")}


def failure_of(error: SynthError) -> dg.Failure:
    """Return an error as the UI shows it, remedy included. Trying again would not heal it."""
    fields = {"where": error.where, "remedy": error.remedy}
    return dg.Failure(
        description=str(error),
        metadata={name: text for name, text in fields.items() if text},
        allow_retries=False,
    )
