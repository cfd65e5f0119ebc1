"""The name that was probably meant."""

from collections.abc import Iterable
from difflib import get_close_matches


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """`, did you mean "x"?` for the known name nearest to `name`; nothing where none is near."""
    spelled = {other.lower(): other for other in known}
    near = get_close_matches(name.lower(), spelled, n=1, cutoff=0.6)
    return f', did you mean "{spelled[near[0]]}"?' if near else ""
