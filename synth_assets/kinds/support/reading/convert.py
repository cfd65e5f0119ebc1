"""Converts a found value to the type its column declares: strictly, nothing is guessed or rounded."""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, time

from synth_assets.core.canonical import Json
from synth_assets.core.contract import ColumnType
from synth_assets.core.dialog import read_dialog

_INTEGER_LIMIT = 2**63
_LIKELY: tuple[ColumnType, ...] = ("boolean", "integer", "number", "text", "dialog", "texts")
_SPELLED_BOOLEANS = {"true": True, "false": False}


def convert(value: object, type_: ColumnType, *, spelled: bool) -> Json:
    """The value as that type; ValueError says what it is instead. `spelled`: it was written as text (CSV)."""
    try:
        return _SPELLED[type_](value) if spelled and isinstance(value, str) else _NATIVE[type_](value)
    except RecursionError as error:
        raise ValueError("the value is nested too deeply") from error


def likely_type(value: object) -> ColumnType:
    """The type that a column of such values would be declared with."""
    for type_ in _LIKELY:
        try:
            _NATIVE[type_](value)
        except (ValueError, RecursionError):
            continue
        return type_
    return "json"


def day_of(value: object) -> date:
    """The day (UTC) of a date, or of its usual spelling; ValueError where it is none."""
    return _moment(value).date()


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{_named(value)} is not text")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise ValueError("the text holds half of a surrogate pair") from error
    return value


def _integer(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError(f"{_named(value)} is not a whole number")
    if not -_INTEGER_LIMIT <= value < _INTEGER_LIMIT:
        raise ValueError(f"{value} does not fit into 64 bits")
    return value


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"{_named(value)} is not a number")
    if not math.isfinite(value):
        raise ValueError(f"{value} is not a finite number")
    return float(value)


def _boolean(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"{_named(value)} is neither true nor false")
    return value


def _spelled_boolean(text: str) -> bool:
    found = _SPELLED_BOOLEANS.get(text.strip().lower())
    if found is None:
        raise ValueError(f"{text!r} is neither true nor false")
    return found


def _moment(value: object) -> datetime:
    if isinstance(value, str):
        value = datetime.fromisoformat(value.strip())
    if isinstance(value, datetime):
        # A time without a zone is taken as UTC: the same file means the same on every machine.
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)
    if isinstance(value, date):
        return datetime.combine(value, time.min, UTC)
    raise ValueError(f"{_named(value)} is no point in time")


def _timestamp(value: object) -> str:
    return _moment(value).isoformat()


def _dialog(value: object) -> Json:
    dialog = read_dialog(_parsed(value) if isinstance(value, str) else value)
    return [{"role": message.role, "content": _text(message.content)} for message in dialog]


def _texts(value: object) -> Json:
    items = _parsed(value) if isinstance(value, str) else value
    if not isinstance(items, Sequence) or isinstance(items, str | bytes):
        raise ValueError(f"{_named(items)} is not a list of texts")
    return [_text(item) for item in items]


def _json(value: object) -> Json:
    """Any JSON value. Dates and the like, which Parquet knows and JSON does not, are spelled out."""
    match value:
        case None | bool():
            return value
        case str():
            return _text(value)
        case int():
            return _integer(value)
        case float():
            return _number(value)
        case datetime() | date():
            return _timestamp(value)
        case Mapping():
            return {_text(name): _json(item) for name, item in value.items()}
        case list() | tuple():
            return [_json(item) for item in value]
    raise ValueError(f"{_named(value)} has no spelling in JSON")


def _parsed(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError as error:
        raise ValueError(f"the text is not JSON: {error}") from error


def _named(value: object) -> str:
    return f"{type(value).__name__} {str(value)[:40]!r}"


_NATIVE: Mapping[ColumnType, Callable[[object], Json]] = {
    "text": _text,
    "integer": _integer,
    "number": _number,
    "boolean": _boolean,
    "timestamp": _timestamp,
    "dialog": _dialog,
    "texts": _texts,
    "json": _json,
}
_SPELLED: Mapping[ColumnType, Callable[[str], Json]] = {
    **_NATIVE,
    "integer": lambda text: _integer(int(text)),
    "number": lambda text: _number(float(text)),
    "boolean": _spelled_boolean,
    "json": lambda text: _json(_parsed(text)),
}
