"""From Python's values to Arrow and back, without pandas: Arrow imports it before it converts a first value.

That import takes 0.3 s and 30 MB, in a command that has no other use for it. So arrays are laid out here as Arrow's
columnar format says: a bit for each value that is there, and then numbers, or offsets and what lies between them.
"""

from array import array
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import accumulate, chain
from types import UnionType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def array_of(values: Sequence[Any], kind: "pa.DataType") -> "pa.Array":
    """The values as an array of a type that tables have.

    A value of another type is a TypeError; one that the type cannot hold a ValueError or an OverflowError.
    """
    import pyarrow as pa

    there = [value is not None for value in values]
    bits = None if all(there) else _bits(there)
    if pa.types.is_struct(kind):
        _check(values, dict | Mapping, "an object")
        items = [{} if value is None else value for value in values]
        children = [array_of([item.get(field.name) for item in items], field.type) for field in kind]
        return pa.Array.from_buffers(kind, len(values), [bits], children=children)
    if pa.types.is_list(kind):
        _check(values, list | tuple, "a list")
        lists = [() if value is None else value for value in values]
        inner = array_of(list(chain.from_iterable(lists)), kind.value_type)
        return pa.Array.from_buffers(kind, len(values), [bits, _offsets(map(len, lists))], children=[inner])
    if pa.types.is_string(kind):
        _check(values, str, "a text")
        texts = [b"" if value is None else value.encode() for value in values]
        joined = pa.py_buffer(b"".join(texts))
        return pa.Array.from_buffers(kind, len(values), [bits, _offsets(map(len, texts)), joined])
    if pa.types.is_boolean(kind):
        _check(values, bool, "true or false")
        return pa.Array.from_buffers(kind, len(values), [bits, _bits(values)])
    if pa.types.is_timestamp(kind):
        _check(values, datetime, "a moment")
        values = [None if value is None else (value - _EPOCH) // _MICROSECOND for value in values]
    filled = array("d" if pa.types.is_floating(kind) else "q", [0 if value is None else value for value in values])
    return pa.Array.from_buffers(kind, len(values), [bits, pa.py_buffer(filled)])


def repeated(text: str, times: int) -> "pa.Array":
    """An array of one text, over and over."""
    import pyarrow as pa

    return pa.repeat(array_of([text], pa.string())[0], times)


def to_rows(batch: "pa.RecordBatch") -> list[dict[str, Any]]:
    """The rows of a batch as Python's values; a moment is in UTC."""
    columns = [_to_values(column) for column in batch.columns]
    return [dict(zip(batch.schema.names, row, strict=True)) for row in zip(*columns, strict=True)]


def _to_values(column: "pa.Array") -> list[Any]:
    """Only for a moment with a time zone is pandas imported: it is read without, as what it is in UTC."""
    import pyarrow as pa

    kind = column.type
    if not pa.types.is_timestamp(kind) or kind.tz is None:
        return list(column.to_pylist())
    moments = column.cast(pa.timestamp(kind.unit)).to_pylist()
    return [moment and moment.replace(tzinfo=UTC) for moment in moments]


def _check(values: Iterable[Any], kind: type | UnionType, spelled: str) -> None:
    for value in values:
        if not isinstance(value, kind) and value is not None:
            raise TypeError(f"{value!r} is not {spelled}")


def _offsets(lengths: Iterable[int]) -> "pa.Buffer":
    import pyarrow as pa

    return pa.py_buffer(array("i", accumulate(lengths, initial=0)))


def _bits(truths: Sequence[bool | None]) -> "pa.Buffer":
    """A bit for each, the first lowest: as one large number spelled in binary, read from its end."""
    import pyarrow as pa

    spelled = "".join("1" if truth else "0" for truth in reversed(truths))
    return pa.py_buffer(int(f"0{spelled}", 2).to_bytes((len(truths) + 7) // 8, "little"))
