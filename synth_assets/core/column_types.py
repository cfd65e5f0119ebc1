"""The types of columns. A type is declared here and nowhere else: what it accepts, how it is read, how it is stored."""

import json
import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal
from types import UnionType
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeAlias

from synth_assets.core.canonical import Json, canonical_json
from synth_assets.core.dialog import Message, read_dialog

if TYPE_CHECKING:
    import pyarrow as pa

    from synth_assets.core.contract import Column

ColumnType = Literal["text", "integer", "number", "boolean", "timestamp", "dialog", "texts", "json"]
"""The names of `TYPES`, spelled for the type checker."""

Array: TypeAlias = Any
"""A pyarrow.Array, which has no types for mypy."""

_INTEGER_LIMIT = 2**63
_LENGTH = frozenset({"min_length", "max_length"})
_TEXTS = frozenset({"accepted"})
_RANGE = frozenset({"minimum", "maximum"})
_LISTS = ("is_list", "is_large_list")
_PLACEHOLDER_TEXTS = 3


class ValueType(ABC):
    """One type of column. A subclass says what differs from a type that is stored as it is."""

    duckdb: ClassVar[str]
    """The type in DuckDB, as DuckDB itself spells it."""
    arrow_name: ClassVar[str] = "string"
    """The type in Arrow, by its alias."""
    inferred_from: ClassVar[tuple[str, ...]] = ()
    """The Arrow types of a query that are taken for this one, each by its test in pyarrow.types."""
    cast_from: ClassVar[tuple[str, ...]] = ()
    """The Arrow types that Arrow itself can store as this one."""
    constraints: ClassVar[frozenset[str]] = frozenset()
    """The constraints of a `Column` that mean something for values of this type."""
    has_statistics: ClassVar[bool] = False
    """Whether a Parquet file may tell the smallest and the largest value.

    Texts have none because DuckLake fills in tokens such as {AUTHOR} inside the statistics that it keeps of them.
    Numbers have none because Parquet's leave out NaN, which DuckDB sorts above all: a filter would miss it.
    """

    @abstractmethod
    def accepts(self, value: object) -> bool:
        """Tell whether a row may hold the value."""

    @abstractmethod
    def read(self, value: object) -> Json:
        """Return a value from outside as this type: nothing is guessed or rounded. ValueError says what it is."""

    def read_spelled(self, text: str) -> Json:
        """Return a value that was written as text, as in CSV."""
        return self.read(text)

    def from_query(self, value: Any) -> Any:
        """Return a value of a query as rows hold it: sums are decimals, days are dates."""
        if isinstance(value, Decimal):
            return float(value)
        is_day = isinstance(value, date) and not isinstance(value, datetime)
        return value.isoformat() if is_day else value

    def texts_in(self, value: object) -> Sequence[str]:
        """Return the texts that `accepted` is about; none where the value has another type."""
        return [value] if isinstance(value, str) else []

    @abstractmethod
    def placeholder(self, column: "Column", text: str) -> Json:
        """Return a value to reckon with where none is known yet, made of a middling text."""

    def arrow(self) -> "pa.DataType":
        """Return the type in which Arrow stores the values."""
        import pyarrow as pa

        return pa.type_for_alias(self.arrow_name)

    def to_arrow(self, value: Any) -> object:
        """Return a value of a row as Arrow takes it. ValueError or TypeError where this type cannot hold it."""
        return value

    def is_inferred_from(self, arrow: "pa.DataType") -> bool:
        """Tell whether a query's column of that Arrow type is a column of this type if nothing else is declared."""
        return _is_any(arrow, self.inferred_from)

    def is_cast_from(self, arrow: "pa.DataType") -> bool:
        """Tell whether Arrow can store values of that Arrow type as this one, without Python looking at them."""
        return _is_any(arrow, self.cast_from)

    def has_gaps(self, array: Array) -> bool:
        """Tell whether a value of a stored array holds a NULL, which makes it another type."""
        return False

    def texts_in_array(self, array: Array) -> Array:
        """Return the texts of a stored array that `accepted` is about."""
        return array

    def lengths(self, array: Array) -> Array:
        """Return the length of each value of a stored array."""
        import pyarrow.compute as pc

        return pc.utf8_length(array)


class TextType(ValueType):
    """Text of any length."""

    duckdb = "VARCHAR"
    inferred_from = ("is_string", "is_large_string", "is_null", "is_date", "is_time")
    cast_from = ("is_string", "is_large_string")
    constraints = _LENGTH | _TEXTS

    def accepts(self, value: object) -> bool:
        return isinstance(value, str)

    def read(self, value: object) -> str:
        if not isinstance(value, str):
            raise ValueError(f"{_describe(value)} is not text")
        try:
            value.encode()
        except UnicodeEncodeError as error:
            raise ValueError("the text holds half of a surrogate pair") from error
        return value

    def from_query(self, value: Any) -> Any:
        plain = super().from_query(value)
        return plain if plain is None or isinstance(value, Decimal) else str(plain)

    def placeholder(self, column: "Column", text: str) -> Json:
        return column.accepted[0] if column.accepted else text[: column.max_length]

    def to_arrow(self, value: Any) -> object:
        return _require(value, str, "a text")


class IntegerType(ValueType):
    """A whole number of 64 bits."""

    duckdb = "BIGINT"
    arrow_name = "int64"
    inferred_from = ("is_integer",)
    cast_from = ("is_signed_integer", "is_uint8", "is_uint16", "is_uint32")
    constraints = _RANGE
    has_statistics = True

    def accepts(self, value: object) -> bool:
        return isinstance(value, int) and not isinstance(value, bool)

    def read(self, value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise ValueError(f"{_describe(value)} is not a whole number")
        if not -_INTEGER_LIMIT <= value < _INTEGER_LIMIT:
            raise ValueError(f"{value} does not fit into 64 bits")
        return value

    def read_spelled(self, text: str) -> Json:
        return self.read(int(text))

    def from_query(self, value: Any) -> Any:
        is_whole = isinstance(value, Decimal) and value == value.to_integral_value()
        return int(value) if is_whole else super().from_query(value)

    def placeholder(self, column: "Column", text: str) -> Json:
        return int(column.minimum or 0)

    def to_arrow(self, value: Any) -> object:
        if isinstance(value, Decimal) and value == value.to_integral_value():
            return int(value)
        if isinstance(value, float) and value.is_integer():
            return int(value)
        if not self.accepts(value):
            raise TypeError(f"{value!r} is not an integer")
        return value

    def is_inferred_from(self, arrow: "pa.DataType") -> bool:
        # A sum of integers is a decimal without a fraction.
        return super().is_inferred_from(arrow) or (_is_any(arrow, ("is_decimal",)) and arrow.scale == 0)


class NumberType(ValueType):
    """A floating-point number."""

    duckdb = "DOUBLE"
    arrow_name = "float64"
    inferred_from = ("is_floating", "is_decimal")
    cast_from = ("is_floating", "is_signed_integer")
    constraints = _RANGE

    def accepts(self, value: object) -> bool:
        return is_number(value)

    def read(self, value: object) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ValueError(f"{_describe(value)} is not a number")
        if not math.isfinite(value):
            raise ValueError(f"{value} is not a finite number")
        return float(value)

    def read_spelled(self, text: str) -> Json:
        return self.read(float(text))

    def placeholder(self, column: "Column", text: str) -> Json:
        return int(column.minimum or 0)

    def to_arrow(self, value: Any) -> object:
        return float(value) if isinstance(value, Decimal | int) else value


class BooleanType(ValueType):
    """True or false."""

    duckdb = "BOOLEAN"
    arrow_name = "bool"
    inferred_from = cast_from = ("is_boolean",)
    has_statistics = True
    _spelled: ClassVar[Mapping[str, bool]] = {"true": True, "false": False}

    def accepts(self, value: object) -> bool:
        return isinstance(value, bool)

    def read(self, value: object) -> bool:
        if not isinstance(value, bool):
            raise ValueError(f"{_describe(value)} is neither true nor false")
        return value

    def read_spelled(self, text: str) -> bool:
        value = self._spelled.get(text.strip().lower())
        if value is None:
            raise ValueError(f"{text!r} is neither true nor false")
        return value

    def placeholder(self, column: "Column", text: str) -> Json:
        return True


class TimestampType(ValueType):
    """A point in time, in UTC. Without a time zone it is UTC: the same file means the same on every machine."""

    duckdb = "TIMESTAMP WITH TIME ZONE"
    inferred_from = cast_from = ("is_timestamp",)
    has_statistics = True

    def accepts(self, value: object) -> bool:
        return isinstance(value, datetime | str)

    def read(self, value: object) -> str:
        return _moment(value).isoformat()

    def placeholder(self, column: "Column", text: str) -> Json:
        return "2000-01-01 00:00:00"

    def arrow(self) -> "pa.DataType":
        import pyarrow as pa

        return pa.timestamp("us", tz="UTC")

    def to_arrow(self, value: Any) -> object:
        """Return a datetime or its ISO spelling in UTC.

        Arrow is not left to convert it: Pandera sets a variable (for Spark's sake) that makes Arrow drop time zones.
        """
        moment = _require(datetime.fromisoformat(value) if isinstance(value, str) else value, datetime, "a moment")
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


class DialogType(ValueType):
    """A list of messages, each with a role and a content."""

    duckdb = 'STRUCT("role" VARCHAR, "content" VARCHAR)[]'
    constraints = _LENGTH
    _fields: ClassVar[tuple[str, ...]] = ("role", "content")

    def accepts(self, value: object) -> bool:
        return isinstance(value, list | tuple) and all(
            isinstance(turn, Mapping) and isinstance(turn.get("role"), str) and isinstance(turn.get("content"), str)
            for turn in value
        )

    def read(self, value: object) -> Json:
        dialog = read_dialog(_parse_json(value) if isinstance(value, str) else value)
        return [{"role": message.role, "content": _TEXT.read(message.content)} for message in dialog]

    def texts_in(self, value: object) -> Sequence[str]:
        return []

    def placeholder(self, column: "Column", text: str) -> Json:
        return [{"role": role, "content": text} for role in ("user", "assistant", "user")]

    def arrow(self) -> "pa.DataType":
        import pyarrow as pa

        return pa.list_(pa.struct([(name, pa.string()) for name in self._fields]))

    def to_arrow(self, value: Any) -> object:
        return [_message_to_arrow(message) for message in _require(value, list | tuple, "a list")]

    def is_inferred_from(self, arrow: "pa.DataType") -> bool:
        return _is_any(arrow, _LISTS) and sorted(_fields_of(arrow.value_type)) == sorted(self._fields)

    def is_cast_from(self, arrow: "pa.DataType") -> bool:
        is_list = _is_any(arrow, ("is_list",)) and _fields_of(arrow.value_type) == self._fields
        return is_list and all(_is_any(field.type, ("is_string",)) for field in arrow.value_type)

    def has_gaps(self, array: Array) -> bool:
        messages = array.flatten()
        return bool(messages.null_count or any(messages.field(name).null_count for name in self._fields))

    def lengths(self, array: Array) -> Array:
        import pyarrow.compute as pc

        return pc.list_value_length(array)


class TextsType(ValueType):
    """A list of texts."""

    duckdb = "VARCHAR[]"
    constraints = _LENGTH | _TEXTS

    def accepts(self, value: object) -> bool:
        return isinstance(value, list | tuple) and all(isinstance(item, str) for item in value)

    def read(self, value: object) -> Json:
        items = _parse_json(value) if isinstance(value, str) else value
        if not isinstance(items, Sequence) or isinstance(items, str | bytes):
            raise ValueError(f"{_describe(items)} is not a list of texts")
        return [_TEXT.read(item) for item in items]

    def texts_in(self, value: object) -> Sequence[str]:
        return value if isinstance(value, list | tuple) and self.accepts(value) else []

    def placeholder(self, column: "Column", text: str) -> Json:
        count = column.max_length or max(_PLACEHOLDER_TEXTS, column.min_length or 0)
        return [f"{index} {text}" for index in range(count)]

    def arrow(self) -> "pa.DataType":
        import pyarrow as pa

        return pa.list_(pa.string())

    def is_inferred_from(self, arrow: "pa.DataType") -> bool:
        return _is_any(arrow, _LISTS) and _is_any(arrow.value_type, TextType.cast_from)

    def is_cast_from(self, arrow: "pa.DataType") -> bool:
        return _is_any(arrow, ("is_list",)) and _is_any(arrow.value_type, ("is_string",))

    def to_arrow(self, value: Any) -> object:
        return [item and _require(item, str, "a text") for item in _require(value, list | tuple, "a list")]

    def has_gaps(self, array: Array) -> bool:
        return bool(array.flatten().null_count)

    def texts_in_array(self, array: Array) -> Array:
        return array.flatten()

    def lengths(self, array: Array) -> Array:
        import pyarrow.compute as pc

        return pc.list_value_length(array)


class JsonType(ValueType):
    """Any JSON value, stored as its canonical text."""

    duckdb = "VARCHAR"
    cast_from = TextType.cast_from
    constraints = _LENGTH | _TEXTS

    def accepts(self, value: object) -> bool:
        return isinstance(value, str | Mapping | list | int | float | bool)

    def read(self, value: object) -> Json:
        """Return any JSON value. Dates and the like, which Parquet knows and JSON does not, are spelled out."""
        match value:
            case None | bool():
                return value
            case str():
                return _TEXT.read(value)
            case int():
                return IntegerType().read(value)
            case float():
                return NumberType().read(value)
            case datetime() | date():
                return TimestampType().read(value)
            case Mapping():
                return {_TEXT.read(name): self.read(item) for name, item in value.items()}
            case list() | tuple():
                return [self.read(item) for item in value]
        raise ValueError(f"{_describe(value)} has no spelling in JSON")

    def read_spelled(self, text: str) -> Json:
        return self.read(_parse_json(text))

    def texts_in(self, value: object) -> Sequence[str]:
        return super().texts_in(value) or TextsType().texts_in(value)

    def placeholder(self, column: "Column", text: str) -> Json:
        return {}

    def to_arrow(self, value: Any) -> object:
        """Return the canonical spelling. A text is JSON already, as the lake gives it back."""
        return value if isinstance(value, str) else canonical_json(value)

    def is_inferred_from(self, arrow: "pa.DataType") -> bool:
        return True


_TEXT = TextType()
TYPES: Mapping[ColumnType, ValueType] = {
    "text": _TEXT,
    "integer": IntegerType(),
    "number": NumberType(),
    "boolean": BooleanType(),
    "timestamp": TimestampType(),
    "dialog": DialogType(),
    "texts": TextsType(),
    "json": JsonType(),
}
"""Every type by its name. A value or an Arrow type that fits several is of the first; anything is JSON."""
CONSTRAINTS = frozenset().union(*(kind.constraints for kind in TYPES.values()))
"""The constraints of a `Column` that only some types take."""


def convert(value: object, column_type: ColumnType, *, spelled: bool) -> Json:
    """Return the value as that type; ValueError says what it is instead. `spelled`: it was written as text (CSV)."""
    kind = TYPES[column_type]
    try:
        return kind.read_spelled(value) if spelled and isinstance(value, str) else kind.read(value)
    except RecursionError as error:
        raise ValueError("the value is nested too deeply") from error


def infer_type(value: object) -> ColumnType:
    """Return the type that a column of such values would be declared with."""
    for name in TYPES:
        try:
            convert(value, name, spelled=False)
        except ValueError:
            continue
        return name
    return "json"


def infer_type_from_arrow(arrow: "pa.DataType") -> ColumnType:
    """Return the type of a query's column of that Arrow type."""
    return next(name for name, kind in TYPES.items() if kind.is_inferred_from(arrow))


def infer_type_from_duckdb(spelling: str) -> ColumnType | None:
    """Return the type that DuckDB spells so; None where there is none."""
    return next((name for name, kind in TYPES.items() if kind.duckdb == spelling), None)


def day_of(value: object) -> date:
    """Return the day (UTC) of a date, or of its usual spelling; ValueError where it is none."""
    return _moment(value).date()


def is_number(value: object) -> bool:
    """Tell whether a value is a number: Python takes True for one."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def _moment(value: object) -> datetime:
    if isinstance(value, str):
        value = datetime.fromisoformat(value.strip())
    if isinstance(value, datetime):
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)
    if isinstance(value, date):
        return datetime.combine(value, time.min, UTC)
    raise ValueError(f"{_describe(value)} is no point in time")


def _parse_json(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError as error:
        raise ValueError(f"the text is not JSON: {error}") from error


def _describe(value: object) -> str:
    return f"{type(value).__name__} {str(value)[:40]!r}"


def _require(value: Any, kind: type | UnionType, description: str) -> Any:
    """Return the value; TypeError where it has another type, which Arrow may convert without a word."""
    if not isinstance(value, kind):
        raise TypeError(f"{value!r} is not {description}")
    return value


def _message_to_arrow(message: object) -> object:
    if isinstance(message, Message):
        return message.to_json()
    return message if message is None else dict(_require(message, Mapping, "an object"))


def _is_any(arrow: "pa.DataType", tests: tuple[str, ...]) -> bool:
    from pyarrow import types

    return any(getattr(types, test)(arrow) for test in tests)


def _fields_of(arrow: "pa.DataType") -> tuple[str, ...]:
    """Return the names of the fields of a struct; none of all else."""
    return tuple(field.name for field in arrow) if _is_any(arrow, ("is_struct",)) else ()
