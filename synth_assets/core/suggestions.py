"""Suggests the known name that a misspelt one was probably meant to be."""

from collections.abc import Iterable
from difflib import get_close_matches


def nearest_name(name: str, known: Iterable[str]) -> str | None:
    """Return the known name nearest to `name`, whatever its case; None where none is near."""
    by_lower_case = {other.lower(): other for other in known}
    matches = get_close_matches(name.lower(), by_lower_case, n=1)
    return by_lower_case[matches[0]] if matches else None


def did_you_mean(name: str, known: Iterable[str], otherwise: str = "") -> str:
    """Return `, did you mean "x"?` to end a sentence with, or `otherwise` where no known name is near."""
    nearest = nearest_name(name, known)
    return otherwise if nearest is None else f', did you mean "{nearest}"?'


def suggestion(name: str, known: Iterable[str]) -> str:
    """Return `did you mean "x"?`, or a list of the known names where none is near."""
    options = list(known)
    nearest = nearest_name(name, options)
    return f"there are: {', '.join(options) or 'none'}" if nearest is None else f'did you mean "{nearest}"?'
