"""Where things are printed: results on stdout, what is said meanwhile on stderr."""

import json
from decimal import Decimal
from math import isfinite
from shutil import get_terminal_size
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from rich.console import Console

PIPE_WIDTH = 120


def out() -> "Console":
    """Return the console of results."""
    return _console(stderr=False)


def err() -> "Console":
    """Return the console of progress, banners and errors."""
    return _console(stderr=True)


def _console(*, stderr: bool) -> "Console":
    from rich.console import Console

    console = Console(stderr=stderr, highlight=False, soft_wrap=False)
    if not console.is_terminal:
        console.width = get_terminal_size((PIPE_WIDTH, 0)).columns
    return console


def print_json(value: object) -> None:
    """Print a result as JSON, indented and with its letters as they are."""
    click.echo(json.dumps(json_ready(value), ensure_ascii=False, indent=2))


def json_ready(value: Any) -> Any:
    """Return a value as JSON can say it: data classes and models as objects, moments and paths as text, NaN as null."""
    from dataclasses import fields, is_dataclass

    if is_dataclass(value) and not isinstance(value, type):
        return {each.name: json_ready(getattr(value, each.name)) for each in fields(value)}
    if hasattr(value, "model_dump"):
        return value.model_dump(mode="json")
    if hasattr(value, "items"):
        return {str(name): json_ready(item) for name, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [json_ready(item) for item in value]
    if isinstance(value, float | Decimal) and not isfinite(value):
        return None
    return value if isinstance(value, str | int | float | bool | None) else _scalar(value)


def _scalar(value: Any) -> str | int | float:
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, Decimal):  # SQL's sums and literals
        return int(value) if value == value.to_integral_value() else float(value)
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def done(console: "Console", text: str) -> None:
    """Print a line that says that all is well."""
    _marked(console, "✓", "green", text)


def failed(console: "Console", text: str) -> None:
    """Print a line that says what is missing."""
    _marked(console, "✗", "red", text)


def warned(console: "Console", text: str) -> None:
    """Print a line that says what to look at."""
    _marked(console, "!", "yellow", text)


def hint(console: "Console", text: str) -> None:
    """Print a line that says what to do next."""
    _marked(console, "→", "cyan", text)


def _marked(console: "Console", mark: str, style: str, text: str) -> None:
    from rich.text import Text

    console.print(Text.assemble((f"{mark} ", f"bold {style}"), text), soft_wrap=True)
