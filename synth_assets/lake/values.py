"""Converts the rows of a stage to Arrow, and Arrow's to rows."""

from collections.abc import Mapping, Sequence
from datetime import UTC
from typing import TYPE_CHECKING, Any

from synth_assets.core.column_types import TYPES, Array, ColumnType
from synth_assets.core.errors import LakeError

if TYPE_CHECKING:
    import pyarrow as pa


def record_batch(
    rows: Sequence[Mapping[str, Any]], columns: Mapping[str, ColumnType], schema: "pa.Schema", partition: str
) -> "pa.RecordBatch":
    """Return the rows as one Arrow batch of a partition; what a row lacks is NULL, a column too many is an error."""
    import pyarrow as pa

    unknown = set().union(*rows) - columns.keys()
    if unknown:
        raise LakeError(f"the table has no column {', '.join(sorted(map(str, unknown)))}")
    arrays = []
    for name, column_type in columns.items():
        if name == "partition_key":
            arrays.append(pa.repeat(partition, len(rows)))
            continue
        convert = TYPES[column_type].to_arrow
        try:
            values = [None if (value := row.get(name)) is None else convert(value) for row in rows]
            arrays.append(pa.array(values, schema.field(name).type))
        except (ValueError, TypeError, OverflowError) as error:
            raise LakeError(f"column {name} ({column_type}) cannot hold a value: {error}") from error
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def to_rows(batch: "pa.RecordBatch") -> list[dict[str, Any]]:
    """Return the rows of a batch as Python's values; a moment is in UTC."""
    columns = [_to_values(column) for column in batch.columns]
    return [dict(zip(batch.schema.names, row, strict=True)) for row in zip(*columns, strict=True)]


def _to_values(column: Array) -> list[Any]:
    """Return Python's values; Arrow would give a moment in the time zone of its column."""
    import pyarrow as pa

    if not pa.types.is_timestamp(column.type) or column.type.tz is None:
        return list(column.to_pylist())
    moments = column.cast(pa.timestamp(column.type.unit)).to_pylist()
    return [moment and moment.replace(tzinfo=UTC) for moment in moments]
