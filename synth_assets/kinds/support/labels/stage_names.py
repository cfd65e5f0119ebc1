"""Keys of a recipe that name stages, and what tells which row a label is about."""

from typing import Annotated, TypeAlias

from pydantic import BeforeValidator

from synth_assets.core.contract import Contract


def _as_list(value: object) -> object:
    """Read one name as a list of one. (A tuple, as what comes after this is validated as Python's values are.)"""
    return (value,) if isinstance(value, str) else tuple(value) if isinstance(value, list) else value


Names: TypeAlias = Annotated[tuple[str, ...], BeforeValidator(_as_list)]


def subject_of(read: Contract) -> str:
    """Return SQL for the row that was labelled: a column of its own names it, or the label was made of it."""
    return "subject" if "subject" in read else "parent_ids[1]"
