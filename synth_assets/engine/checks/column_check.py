"""A query's rows by the column: what surely passes its checks is stored without becoming Python's objects."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from synth_assets.core.canonical import row_id
from synth_assets.core.contract import SYSTEM_COLUMNS, Column, ColumnType, Contract
from synth_assets.engine.commit.row_ordinals import RowOrdinals
from synth_assets.engine.job import TableTask
from synth_assets.lake import array_of, repeated

if TYPE_CHECKING:
    import pyarrow as pa

Array: TypeAlias = Any


def accept_columns(batch: "pa.RecordBatch", contract: Contract, schema: "pa.Schema") -> "dict[str, Array] | None":
    """The columns of a batch as its table stores them; None unless each value surely passes its checks.

    None is no verdict: the rows are then checked one by one, which tells which of them fail and why.
    """
    own = {name for name in batch.schema.names if name not in SYSTEM_COLUMNS}
    if own != set(contract.names()):
        return None
    found = {}
    for column in contract.columns:
        array = _stored(batch.column(column.name), column.type, schema.field(column.name).type)
        if array is None or not _passes(array, column):
            return None
        found[column.name] = array
    return found


def add_row_ids(
    columns: Mapping[str, Array], batch: "pa.RecordBatch", siblings: RowOrdinals, work: TableTask, schema: "pa.Schema"
) -> "pa.RecordBatch | None":
    """The batch with the ids of its rows, as rows get them one by one; None where a row has no parent."""
    import pyarrow as pa

    if "parent_ids" not in batch.schema.names:
        return None
    parents = batch.column("parent_ids")
    origins = [tuple(each or ()) for each in parents.to_pylist()]
    if not all(origins):
        return None
    ids = []
    for origin in origins:
        ids.append(row_id(work.kin, work.name, origin, siblings.place(origin)))
    lake = {"row_id": array_of(ids, pa.string()), "parent_ids": parents.cast(pa.list_(pa.string()))}
    arrays = {**columns, **lake, "partition_key": repeated(work.partition_key, len(ids))}
    return pa.RecordBatch.from_arrays([arrays[name] for name in schema.names], schema=schema)


def _stored(array: Array, kind: ColumnType, wanted: "pa.DataType") -> Array | None:
    """The array in the type that is stored, if it is of that kind already; nothing is read into it."""
    from pyarrow import types

    tests: Mapping[ColumnType, tuple[Callable[[Any], bool], ...]] = {
        "text": (types.is_string, types.is_large_string),
        "json": (types.is_string, types.is_large_string),
        "integer": (types.is_signed_integer, types.is_uint8, types.is_uint16, types.is_uint32),
        "number": (types.is_floating, types.is_signed_integer),
        "boolean": (types.is_boolean,),
        "timestamp": (types.is_timestamp,),
        "texts": (_is_list_of_texts,),
        "dialog": (_is_list_of_messages,),
    }
    if not any(test(array.type) for test in tests[kind]):
        return None
    if kind == "timestamp" and array.type.tz is None:
        return array.cast(_naive()).cast(wanted)  # without a time zone it is UTC
    return array.cast(wanted)


def _is_list_of_texts(kind: "pa.DataType") -> bool:
    from pyarrow import types

    return bool(types.is_list(kind) and types.is_string(kind.value_type))


def _is_list_of_messages(kind: "pa.DataType") -> bool:
    from pyarrow import types

    return bool(
        types.is_list(kind)
        and types.is_struct(kind.value_type)
        and [field.name for field in kind.value_type] == ["role", "content"]
    )


def _naive() -> "pa.DataType":
    import pyarrow as pa

    return pa.timestamp("us")


def _passes(array: Array, column: Column) -> bool:
    """Whether every value passes: rather a no too many."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if not column.nullable and (array.null_count or _has_nan(array)):
        return False
    if column.type == "texts" and array.flatten().null_count:
        return False
    if column.type == "dialog":
        messages = array.flatten()
        if any(messages.field(name).null_count for name in ("role", "content")) or messages.null_count:
            return False
    there = array.drop_null()
    values = there.flatten() if column.type == "texts" else there
    if column.accepted and not _all(pc.is_in(values, value_set=array_of(column.accepted, pa.string()))):
        return False
    if column.min_length is not None or column.max_length is not None:
        length = pc.utf8_length(there) if column.type in ("text", "json") else pc.list_value_length(there)
        return _within(length, column.min_length, column.max_length)
    return _within(there, column.minimum, column.maximum)


def _has_nan(array: Array) -> bool:
    """Pandera takes a number that is none for a value that is missing."""
    import pyarrow.compute as pc
    from pyarrow import types

    return types.is_floating(array.type) and bool(pc.any(pc.is_nan(array)).as_py())


def _within(array: Array, low: float | None, high: float | None) -> bool:
    import pyarrow.compute as pc

    if not len(array) or (low is None and high is None):
        return True
    ends = pc.min_max(array).as_py()
    return bool((low is None or low <= ends["min"]) and (high is None or ends["max"] <= high))


def _all(truths: Array) -> bool:
    import pyarrow.compute as pc

    return bool(pc.all(truths, min_count=0).as_py())
