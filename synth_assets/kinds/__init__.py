"""The kinds of stages: one file each, found by listing the folders next to this file, and in other packages."""

import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.metadata import entry_points
from types import MappingProxyType

from synth_assets.core.stage import Stage
from synth_assets.kinds.code_hash import code_hash

__all__ = ["ENTRY_POINTS", "code_hash", "kinds"]

ENTRY_POINTS = "synth_assets.kinds"
"""The entry-point group by which another package brings kinds: each entry names a module that holds one."""
_SHARED = "support"


@cache
def kinds() -> Mapping[str, type[Stage]]:
    """Return the kinds by name: each module of a folder of kinds defines exactly one."""
    found = sorted((_name_of(stage), stage) for stage in map(_load_stage, [*_own_modules(), *_foreign_modules()]))
    names = [name for name, _ in found]
    if twice := {name for name in names if names.count(name) > 1}:
        raise TypeError(f'two modules define the kind "{min(twice)}"')
    return MappingProxyType(dict(found))


def _own_modules() -> Iterator[str]:
    for folder in pkgutil.iter_modules(__path__, f"{__name__}."):
        if folder.ispkg and folder.name != f"{__name__}.{_SHARED}":
            path = importlib.import_module(folder.name).__path__
            yield from (module.name for module in pkgutil.iter_modules(path, f"{folder.name}.") if not module.ispkg)


def _foreign_modules() -> Iterator[str]:
    return (entry.module for entry in entry_points(group=ENTRY_POINTS))


def _load_stage(module_name: str) -> type[Stage]:
    module = importlib.import_module(module_name)
    found = [
        value
        for value in vars(module).values()
        if isinstance(value, type)
        and issubclass(value, Stage)
        and value.__module__ == module.__name__
        # `Ask[str]` is a class of the module that writes it.
        and value.__pydantic_generic_metadata__["origin"] is None
    ]
    if len(found) != 1:
        raise TypeError(f"{module.__name__} defines {len(found)} stages, a kind is one file with one stage")
    return found[0]


def _name_of(stage: type[Stage]) -> str:
    name = stage.model_fields["kind"].default
    if not isinstance(name, str):
        raise TypeError(f'{stage.__module__}.{stage.__name__} lacks a line like: kind: Literal["x"] = "x"')
    return name
