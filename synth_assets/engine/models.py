"""Fills a table from rows that are there already: those of a SQL model, or of a frame somebody made."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from synth_assets.core.contract import SYSTEM_COLUMNS, WHOLE, Column, ColumnType, Contract, Gate, Values
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
        found = now.query(model.sql if partition_key == WHOLE else narrow_to_partition(model, partition_key))
        work = _work_of(model, run_id, partition_key, contract_of(found.schema, model.contract, model.description))
        return fill_table(lake, work, rows_of(found, work.contract), model.fingerprint(), inputs)


def _work_of(model: Model, run_id: str, partition_key: str, contract: Contract) -> TableTask:
    return TableTask(
        schema=model.schema,
        name=model.name,
        kin=model.schema,
        kind="sql",
        contract=contract,
        partition_key=partition_key,
        run_id=run_id,
        strict=True,
        keeps_rejects=False,
        view=model.sql if model.materialized == "view" else None,
    )


def freshness_of(lake: Lake, model: Model) -> CheckResult | None:
    """Whether the newest value of the column that tells a model's age is young enough; None where none does."""
    fresh = model.freshness
    if fresh is None or fresh.column is None:
        return None
    newest = f'max("{fresh.column}")'
    (row,) = lake.rows(f"SELECT {newest} AS newest, epoch(now() - {newest}) / 3600 AS age_h FROM {model.table}")
    is_fresh = row["age_h"] is not None and float(row["age_h"]) <= fresh.max_age_h
    told = f"the newest {fresh.column} is {row['newest']}; older than {fresh.max_age_h:g} h warns"
    return CheckResult(FRESH, is_fresh, told, blocking=False)


def fill_table(
    lake: Lake, work: TableTask, rows: Iterable[Values], fingerprint: str, inputs: dict[str, InputState] | None = None
) -> StageResult:
    """Checks the rows and commits them, unless the table holds them already."""
    started = time.monotonic()
    base = latest_commits(lake, work.table).get(work.partition_key)
    siblings = RowOrdinals()
    with TableBuilder(lake, work, fingerprint, base) as build:
        for values in rows:
            build.tally.input_rows += 1
            build.add(row_from_query(values, siblings))
        verdicts = build.verdicts()
        if base is not None and build.is_unchanged():
            return replace(reused_result(work, base, lake.snapshot(), started), verdicts=tuple(verdicts))
        return build.commit(inputs or {})


def contract_of(schema: "pa.Schema", promised: Contract | None = None, description: str = "") -> Contract:
    """The contract of rows in Arrow: what is promised of a column, and else what its type says."""
    own = [field for field in schema if field.name not in SYSTEM_COLUMNS]
    columns = [Column(field.name, column_type_of(field.type), nullable=True) for field in own]
    told = Contract(tuple(columns), description, Gate(min_rows=0))
    if promised is None:
        return told
    merged = told.with_columns(promised.columns)
    return replace(merged, gate=promised.gate, relationships=promised.relationships)


def column_type_of(kind: "pa.DataType") -> ColumnType:
    """The type of a column, as contracts know it, for a type of Arrow."""
    from pyarrow import types

    if types.is_list(kind) or types.is_large_list(kind):
        return _kind_of_items(kind.value_type)
    known: Iterable[tuple[ColumnType, tuple[Callable[[Any], bool], ...]]] = (
        ("text", (types.is_string, types.is_large_string, types.is_null, types.is_date, types.is_time)),
        ("boolean", (types.is_boolean,)),
        ("integer", (types.is_integer, _is_whole)),
        ("number", (types.is_floating, types.is_decimal)),
        ("timestamp", (types.is_timestamp,)),
    )
    return next((name for name, tests in known if any(test(kind) for test in tests)), "json")


def _is_whole(kind: "pa.DataType") -> bool:
    """A sum of integers is a decimal without a fraction."""
    from pyarrow import types

    return bool(types.is_decimal(kind) and kind.scale == 0)


def _kind_of_items(item: "pa.DataType") -> ColumnType:
    from pyarrow import types

    if types.is_string(item) or types.is_large_string(item):
        return "texts"
    is_message = types.is_struct(item) and {field.name for field in item} == {"role", "content"}
    return "dialog" if is_message else "json"


def rows_of(batches: "Iterable[pa.RecordBatch]", contract: Contract) -> Iterator[Values]:
    """Rows in Arrow as values of a contract. One that has a `row_id` was made of the row of that id."""
    kinds = {column.name: column.type for column in contract.columns}
    for batch in batches:
        for row in to_rows(batch):
            yield _values(row, kinds)


def _values(row: Mapping[str, Any], kinds: Mapping[str, ColumnType]) -> Values:
    values = {name: _plain(value, kinds.get(name, "json")) for name, value in row.items()}
    if row.get("row_id"):
        values["parent_ids"] = [row["row_id"]]
    return values


def _plain(value: Any, kind: ColumnType) -> Any:
    """Sums are decimals, days are dates: a contract knows numbers and texts."""
    if isinstance(value, Decimal):
        return int(value) if kind == "integer" and value == value.to_integral_value() else float(value)
    if isinstance(value, date) and not isinstance(value, datetime):
        return value.isoformat()
    return str(value) if kind == "text" and value is not None else value
