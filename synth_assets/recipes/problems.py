"""What is wrong with a recipe, in plain words: the place in the file, the fault, and the likely remedy."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import TypeAlias, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from synth_assets.core.errors import RecipeError

KeyPath: TypeAlias = tuple[str | int, ...]

_WORDS = {
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


class Problem(RecipeError):
    """One thing that is wrong in a file, and its line."""

    def __init__(self, message: str, shown: str, line: int, key: str = "") -> None:
        super().__init__(message, where=f"{shown}:{line} {key}".rstrip())
        self.line = line


class BrokenRecipe(RecipeError):
    """A recipe that cannot be used; `problems` are all that were found, each with its place."""

    def __init__(self, problems: Sequence[RecipeError]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = tuple(problems)


def suggestion(word: str, known: Iterable[str]) -> str:
    """What was probably meant, or what there is."""
    options = list(known)
    near = get_close_matches(word, options, n=1)
    return f'did you mean "{near[0]}"?' if near else f"there are: {', '.join(options) or 'none'}"


def fault_in_words(detail: ErrorDetails, keys: Collection[str]) -> str:
    """A fault that Pydantic found, in words for people who write recipes."""
    type_, context = detail["type"], detail.get("ctx", {})
    if type_ == "extra_forbidden":
        return f"unknown key, {suggestion(str(detail['loc'][-1]), keys)}"
    if type_ == "value_error":
        return str(context["error"])
    words = _WORDS.get(type_)
    if words is None:
        return detail["msg"]
    told = words.format(**context)
    return told if type_ == "missing" else f"{told}, found {_shown(detail['input'])}"


def faults(error: ValidationError, model: type[BaseModel]) -> list[tuple[KeyPath, str, int | None]]:
    """The key, the fault and, for templates, the line of the text, of all that Pydantic found."""
    found = []
    for detail in error.errors(include_url=False):
        line = detail.get("ctx", {}).get("line")
        found.append((detail["loc"], fault_in_words(detail, _keys_at(model, detail["loc"][:-1])), line))
    return found


def _keys_at(annotation: object, path: KeyPath) -> list[str]:
    """The keys that a model, or what is made of models, takes at a path; none where it is no model."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        fields = {field.alias or name: field.annotation for name, field in annotation.model_fields.items()}
        return _keys_at(fields.get(str(path[0])), path[1:]) if path else list(fields)
    inside = path[1:] if get_origin(annotation) in (Mapping, tuple) else path
    found = (_keys_at(part, inside) for part in get_args(annotation))
    return next((keys for keys in found if keys), [])


def _shown(value: object) -> str:
    text = f'"{value}"' if isinstance(value, str) else str(value)
    return text if len(text) <= 60 else f"{text[:57]}…"
