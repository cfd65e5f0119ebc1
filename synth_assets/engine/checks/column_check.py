"""Checks a query's rows by the column: what passes is stored without becoming Python's objects."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from synth_assets.core.canonical import row_id
from synth_assets.core.column_types import TYPES, Array, ColumnType
from synth_assets.core.contract import SYSTEM_COLUMNS, Contract
from synth_assets.engine.checks.rules import array_passes
from synth_assets.engine.commit.row_ordinals import RowOrdinals
from synth_assets.engine.job import TableTask

if TYPE_CHECKING:
    import pyarrow as pa


def accept_columns(batch: "pa.RecordBatch", contract: Contract) -> "dict[str, Array] | None":
    """Return the columns of a batch as its table stores them; None unless each value passes its checks.

    None is no verdict: the rows are then checked one by one, which tells which of them fail and why.
    """
    own = {name for name in batch.schema.names if name not in SYSTEM_COLUMNS}
    if own != set(contract.names()):
        return None
    stored = {}
    for column in contract.columns:
        array = _cast(batch.column(column.name), column.type)
        if array is None or not array_passes(column, array):
            return None
        stored[column.name] = array
    return stored


def add_row_ids(
    columns: Mapping[str, Array], batch: "pa.RecordBatch", ordinals: RowOrdinals, work: TableTask, schema: "pa.Schema"
) -> "pa.RecordBatch | None":
    """Return the batch with the ids of its rows, as rows get them one by one; None where a row has no parent."""
    import pyarrow as pa

    if "parent_ids" not in batch.schema.names:
        return None
    parents = batch.column("parent_ids")
    origins = [tuple(each or ()) for each in parents.to_pylist()]
    if not all(origins):
        return None
    ids = [row_id(work.id_namespace, work.name, origin, ordinals.next_ordinal(origin)) for origin in origins]
    system = {
        "row_id": pa.array(ids, pa.string()),
        "parent_ids": parents.cast(pa.list_(pa.string())),
        "partition_key": pa.repeat(work.partition_key, len(ids)),
    }
    arrays = {**columns, **system}
    return pa.RecordBatch.from_arrays([arrays[name] for name in schema.names], schema=schema)


def _cast(array: Array, column_type: ColumnType) -> Array | None:
    """Return the array in the type that is stored; None where that takes a look at its values."""
    import pyarrow as pa

    kind = TYPES[column_type]
    if not kind.is_cast_from(array.type):
        return None
    try:
        return array.cast(kind.arrow())
    except pa.ArrowInvalid:  # a value would lose something, such as a number its last digits
        return None
