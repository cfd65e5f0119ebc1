"""From the rows of a stage to Arrow: each type of column has its own way, and refuses what it cannot hold."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from synth_assets.core.canonical import canonical_json
from synth_assets.core.contract import ColumnType
from synth_assets.core.dialog import Message
from synth_assets.core.errors import LakeError
from synth_assets.lake.arrays import array_of, repeated

if TYPE_CHECKING:
    import pyarrow as pa


def record_batch(
    rows: Sequence[Mapping[str, Any]], columns: Mapping[str, ColumnType], schema: "pa.Schema", partition: str
) -> "pa.RecordBatch":
    """The rows as one Arrow batch of a partition; what a row lacks is NULL, what it has too much is an error."""
    import pyarrow as pa

    unknown = set().union(*rows) - columns.keys()
    if unknown:
        raise LakeError(f"the table has no column {', '.join(sorted(map(str, unknown)))}")
    arrays = []
    for name, kind in columns.items():
        if name == "partition_key":
            arrays.append(repeated(partition, len(rows)))
            continue
        convert = _CONVERT.get(kind)
        values = [row.get(name) for row in rows]
        try:
            if convert is not None:
                values = [None if value is None else convert(value) for value in values]
            arrays.append(array_of(values, schema.field(name).type))
        except (ValueError, TypeError, OverflowError) as error:
            raise LakeError(f"column {name} ({kind}) cannot hold a value: {error}") from error
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _integer(value: object) -> object:
    """SQL gives sums as decimals; a number that is whole is the integer it stands for."""
    if isinstance(value, bool):
        raise TypeError(f"{value!r} is not an integer")
    if isinstance(value, Decimal) and value == value.to_integral_value():
        return int(value)
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _number(value: object) -> object:
    return float(value) if isinstance(value, Decimal | int) else value


def _moment(value: object) -> object:
    """A datetime or its ISO spelling, in UTC; without a time zone it is UTC.

    Arrow is not left to convert it: Pandera sets a variable (for Spark's sake) that makes Arrow drop time zones.
    """
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    if not isinstance(moment, datetime):
        return moment
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _dialog(value: Sequence[object]) -> object:
    return [message.to_json() if isinstance(message, Message) else message for message in value]


def _json(value: Any) -> str:
    """A text is JSON already, as the lake gives it back; all else is spelled canonically."""
    return value if isinstance(value, str) else canonical_json(value)


_CONVERT: Mapping[ColumnType, Callable[[Any], object]] = {
    "integer": _integer,
    "number": _number,
    "timestamp": _moment,
    "dialog": _dialog,
    "json": _json,
}
