"""Validates the values of a YAML document with a Pydantic model, and words what is wrong for people who write YAML."""

import json
from collections.abc import Collection, Iterator, Mapping
from typing import TypeVar, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from synth_assets.core.canonical import Json
from synth_assets.core.suggestions import suggestion
from synth_assets.core.yaml_document import BrokenRecipe, Document, KeyPath

M = TypeVar("M", bound=BaseModel)

_MESSAGES = {
    "missing": "this key is needed",
    "bool_type": "expected true or false",
    "int_type": "expected a whole number",
    "int_from_float": "expected a whole number",
    "float_type": "expected a number",
    "string_type": "expected text (put it in quotes)",
    "tuple_type": "expected a list",
    "list_type": "expected a list",
    "mapping_type": "expected keys and values",
    "dict_type": "expected keys and values",
    "model_type": "expected keys and values",
    "model_attributes_type": "expected keys and values",
    "date_type": "expected a date like 2026-11-01",
    "date_parsing": "expected a date like 2026-11-01",
    "date_from_datetime_parsing": "expected a date like 2026-11-01",
    "greater_than": "must be more than {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than": "must be less than {lt}",
    "less_than_equal": "must be at most {le}",
    "string_too_short": "must not be empty",
    "too_short": "must not be empty",
    "literal_error": "expected {expected}",
    "finite_number": "expected a finite number",
}


def validate(document: Document, model: type[M], value: Mapping[str, Json], path: KeyPath = ()) -> M:
    """Make a model of the keys that a document has at a path; BrokenRecipe tells all that is wrong with them."""
    try:
        # Strict, and as JSON: a list may become a tuple, but "5" never a number, nor `true` a 1.
        return model.model_validate_json(json.dumps(value), strict=True, by_alias=True, by_name=False)
    except ValidationError as error:
        problems = [
            document.problem((*path, *where), message, line) for where, message, line in _messages(error, model)
        ]
        raise BrokenRecipe(problems) from error


def _messages(error: ValidationError, model: type[BaseModel]) -> Iterator[tuple[KeyPath, str, int | None]]:
    """Yield the key, the message and, for templates, the line of the text, of all that Pydantic reports."""
    for detail in error.errors(include_url=False):
        line = detail.get("ctx", {}).get("line")
        yield detail["loc"], _message(detail, _keys_at(model, detail["loc"][:-1])), line


def _message(detail: ErrorDetails, keys: Collection[str]) -> str:
    type_, context = detail["type"], detail.get("ctx", {})
    if type_ == "extra_forbidden":
        return f"unknown key, {suggestion(str(detail['loc'][-1]), keys)}"
    if type_ == "value_error":
        return str(context["error"])
    template = _MESSAGES.get(type_)
    if template is None:
        return detail["msg"]
    message = template.format(**context)
    return message if type_ == "missing" else f"{message}, found {_shorten(detail['input'])}"


def _keys_at(annotation: object, path: KeyPath) -> list[str]:
    """Return the keys that a model, or what is made of models, takes at a path; none where it is no model."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        fields = {field.alias or name: field.annotation for name, field in annotation.model_fields.items()}
        return _keys_at(fields.get(str(path[0])), path[1:]) if path else list(fields)
    inside = path[1:] if get_origin(annotation) in (Mapping, tuple) else path
    candidates = (_keys_at(part, inside) for part in get_args(annotation))
    return next((keys for keys in candidates if keys), [])


def _shorten(value: object) -> str:
    text = f'"{value}"' if isinstance(value, str) else str(value)
    return text if len(text) <= 60 else f"{text[:57]}…"
