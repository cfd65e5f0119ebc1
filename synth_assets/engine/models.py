"""Fills a table from rows that exist already: those of a SQL model, or of a frame somebody made."""

import time
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from synth_assets.core.column_types import TYPES, infer_type_from_arrow
from synth_assets.core.contract import SYSTEM_COLUMNS, WHOLE, Column, Contract, Gate, Values
from synth_assets.core.errors import LakeError
from synth_assets.engine.checks.table_check import CheckResult
from synth_assets.engine.commit.commits import InputState, latest_commits, reused_result
from synth_assets.engine.commit.row_ordinals import RowOrdinals
from synth_assets.engine.commit.table_builder import TableBuilder
from synth_assets.engine.job import StageResult, TableTask
from synth_assets.engine.row_factory import row_from_query
from synth_assets.lake import Lake, to_rows
from synth_assets.sql import Model, narrow_to_partition

if TYPE_CHECKING:
    import pyarrow as pa

FRESH = "is_fresh"


def run_model(lake: Lake, model: Model, run_id: str, partition_key: str = WHOLE) -> StageResult:
    """Computes a model and commits its rows, or finds that its table holds them already."""
    with lake.open_snapshot() as now:
        missing = [table for table in model.inputs if not now.has(table)]
        if missing:
            raise LakeError(
                f"it reads {missing[0]}, which is not there yet",
                where=model.table,
                remedy="materialize what comes before it, then this",
            )
        inputs = {table: InputState(now.snapshot(), "") for table in model.inputs}
        result = now.query(model.sql if partition_key == WHOLE else narrow_to_partition(model, partition_key))
        work = _table_task(model, run_id, partition_key, contract_of(result.schema, model.contract, model.description))
        return fill_table(lake, work, rows_of(result, work.contract), model.fingerprint(), inputs)


def _table_task(model: Model, run_id: str, partition_key: str, contract: Contract) -> TableTask:
    return TableTask(
        schema=model.schema,
        name=model.name,
        id_namespace=model.schema,
        kind="sql",
        contract=contract,
        partition_key=partition_key,
        run_id=run_id,
        strict=True,
        keeps_rejects=False,
        view=model.sql if model.materialized == "view" else None,
    )


def freshness_of(lake: Lake, model: Model) -> CheckResult | None:
    """Check that the newest value of the column that dates a model is young enough; None where no column does."""
    fresh = model.freshness
    if fresh is None or fresh.column is None:
        return None
    newest = f'max("{fresh.column}")'
    (row,) = lake.rows(f"SELECT {newest} AS newest, epoch(now() - {newest}) / 3600 AS age_h FROM {model.table}")
    is_fresh = row["age_h"] is not None and float(row["age_h"]) <= fresh.max_age_h
    text = f"the newest {fresh.column} is {row['newest']}; older than {fresh.max_age_h:g} h warns"
    return CheckResult(FRESH, is_fresh, text, blocking=False)


def fill_table(
    lake: Lake, work: TableTask, rows: Iterable[Values], fingerprint: str, inputs: dict[str, InputState] | None = None
) -> StageResult:
    """Checks the rows and commits them, unless the table holds them already."""
    started = time.monotonic()
    base = latest_commits(lake, work.table).get(work.partition_key)
    ordinals = RowOrdinals()
    with TableBuilder(lake, work, fingerprint, base) as build:
        for values in rows:
            build.tally.input_rows += 1
            build.add(row_from_query(values, ordinals))
        verdicts = build.verdicts()
        if base is not None and build.is_unchanged():
            return replace(reused_result(work, base, lake.snapshot(), started), verdicts=tuple(verdicts))
        return build.commit(inputs or {})


def contract_of(schema: "pa.Schema", promised: Contract | None = None, description: str = "") -> Contract:
    """Return the contract of rows in Arrow: what is promised of a column, and else what its type says."""
    own = [field for field in schema if field.name not in SYSTEM_COLUMNS]
    columns = [Column(field.name, infer_type_from_arrow(field.type), nullable=True) for field in own]
    inferred = Contract(tuple(columns), description, Gate(min_rows=0))
    if promised is None:
        return inferred
    merged = inferred.with_columns(promised.columns)
    return replace(merged, gate=promised.gate, relationships=promised.relationships)


def rows_of(batches: "Iterable[pa.RecordBatch]", contract: Contract) -> Iterator[Values]:
    """Yield rows in Arrow as values of a contract. One that has a `row_id` was made of the row of that id."""
    types = {name: TYPES[column_type] for name, column_type in SYSTEM_COLUMNS.items()}
    types |= {column.name: TYPES[column.type] for column in contract.columns}
    for batch in batches:
        for row in to_rows(batch):
            values = {name: types[name].from_query(value) for name, value in row.items()}
            if row.get("row_id"):
                values["parent_ids"] = [row["row_id"]]
            yield values
