"""Keys of a recipe that name stages, and what tells which row a label is about."""

from typing import Annotated, TypeAlias

from pydantic import BeforeValidator

from synth_assets.core.contract import Contract


def _as_list(value: object) -> object:
    """One name is a list of one. (A tuple, as what comes after this is validated as Python's values are.)"""
    return (value,) if isinstance(value, str) else tuple(value) if isinstance(value, list) else value


Names: TypeAlias = Annotated[tuple[str, ...], BeforeValidator(_as_list)]


def subject_of(read: Contract) -> str:
    """SQL for the row that was labelled: it is told, or it is what the label was made of."""
    return "subject" if "subject" in read else "parent_ids[1]"
