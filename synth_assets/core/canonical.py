"""Canonical JSON, and the hashes that name rows and calls by their content."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeAlias

Json: TypeAlias = "bool | int | float | str | Sequence[Json] | Mapping[str, Json] | None"

_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":")).encode


def canonical_json(value: Json) -> str:
    """Return the one spelling of a JSON value: sorted keys, no white space, text as it is."""
    return _encode(value)


def content_hash(tag: str, value: Json) -> str:
    """Return 32 hex digits that name `value`; `tag` says what is hashed and by which version of a scheme."""
    return text_hash(tag, _encode(value))


def text_hash(tag: str, canonical: str) -> str:
    """Return the `content_hash` of a value that is spelt already."""
    return hashlib.sha256(f"{tag}\n{canonical}".encode("utf-8", "surrogatepass")).hexdigest()[:32]


def row_id(recipe: str, stage: str, origin: Iterable[str], ordinal: int) -> str:
    """Return the id of a row: the same parents (or content) and position give the same id, on every machine."""
    return content_hash("row/1", [recipe, stage, *origin, ordinal])


def json_ready(value: Any) -> Any:
    """Return a value with its moments as text, so that it has one canonical spelling."""
    if isinstance(value, dict):
        return {name: json_ready(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [json_ready(item) for item in value]
    return value.isoformat() if isinstance(value, datetime) else value
