"""Answers that follow a JSON Schema of the recipe: the columns they make, and whether one follows it."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, TypeAlias

from pydantic import AfterValidator, JsonValue

from synth_assets.core.canonical import Json
from synth_assets.core.contract import SYSTEM_COLUMNS, Column, ColumnType
from synth_assets.core.parse import Unreadable

_COLUMN_TYPES: Mapping[str, ColumnType] = {
    "string": "text",
    "integer": "integer",
    "number": "number",
    "boolean": "boolean",
}
COLUMN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_SHOWN = 200
_INTEGER_LIMIT = 2**63
_Fields: TypeAlias = Mapping[str, JsonValue]


def _sound(fields: _Fields) -> _Fields:
    from jsonschema import Draft202012Validator, SchemaError

    try:
        Draft202012Validator.check_schema(fields)
    except SchemaError as error:
        path = "/".join(map(str, error.absolute_path))
        raise ValueError(f"no JSON Schema: {f'{path}: ' if path else ''}{error.message}") from error
    properties = fields.get("properties")
    if fields.get("type") != "object" or not isinstance(properties, Mapping) or not properties:
        raise ValueError("the schema must be of type object, with properties: each becomes a column")
    for name in properties:
        if not COLUMN_NAME.match(name) or name in SYSTEM_COLUMNS:
            raise ValueError(f'"{name}" cannot name a column')
    for reference in _references(fields):
        if not reference.startswith("#"):
            raise ValueError(f'"$ref: {reference}" leads out of the schema')
    return fields


ObjectSchema = Annotated[_Fields, AfterValidator(_sound)]
"""The type of a key that holds the JSON Schema of an object."""


def columns_of(fields: Mapping[str, Json]) -> list[Column]:
    """Return a column for each property; one that an answer may leave out can be NULL."""
    properties, required = fields["properties"], fields.get("required", [])
    assert isinstance(properties, Mapping)
    assert isinstance(required, Sequence)
    return [_column(name, inner, required=name in required) for name, inner in properties.items()]


def read_conforming(answer: Mapping[str, Json], fields: Mapping[str, Json]) -> dict[str, Json]:
    """Return the answer's values by column; Unreadable says where it does not follow the schema."""
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import best_match

    error = best_match(Draft202012Validator(fields).iter_errors(answer))
    if error is not None:
        path = "/".join(map(str, error.absolute_path))
        raise Unreadable(f"{path or 'the answer'}: {error.message}"[:_SHOWN])
    return {column.name: _fitting(column, answer.get(column.name)) for column in columns_of(fields)}


def _column(name: str, inner: Json, *, required: bool) -> Column:
    keys = inner if isinstance(inner, Mapping) else {}
    types = keys.get("type")
    named = [types] if isinstance(types, str) else list(types) if isinstance(types, Sequence) else []
    known = [one for one in named if one != "null"]
    choices = keys.get("enum")
    words = tuple(map(str, choices)) if isinstance(choices, Sequence) and _are_texts(choices) else ()
    only = str(known[0]) if len(known) == 1 else "string" if words and not known else ""
    nullable = not required or "null" in named or not (named or words)
    return Column(name, _type_of(only, keys), str(keys.get("description", "")), nullable, accepted=words)


def _type_of(only: str, keys: Mapping[str, Json]) -> ColumnType:
    items = keys.get("items")
    if only == "array" and isinstance(items, Mapping) and items.get("type") == "string":
        return "texts"
    return _COLUMN_TYPES.get(only, "json")


def _fitting(column: Column, value: Json) -> Json:
    """Convert a value to its column's type: JSON knows one kind of number, and 3.0 is a whole one there."""
    if column.type == "integer" and isinstance(value, float):
        value = int(value)
    if column.type == "integer" and isinstance(value, int) and abs(value) >= _INTEGER_LIMIT:
        raise Unreadable(f"{column.name}: the number does not fit into 64 bits")
    return value


def _are_texts(values: Sequence[Json]) -> bool:
    return all(isinstance(value, str) for value in values)


def _references(value: Json) -> Iterator[str]:
    if isinstance(value, Mapping):
        if isinstance(reference := value.get("$ref"), str):
            yield reference
        for inner in value.values():
            yield from _references(inner)
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for inner in value:
            yield from _references(inner)
