"""The kinds of stages: one file each, found by listing this folder."""

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from synth_assets.core.stage import Stage
from synth_assets.stages._code import code_hash

__all__ = ["code_hash", "kinds"]


@cache
def kinds() -> Mapping[str, type[Stage]]:
    """The kinds by their name: every module here without an underscore holds exactly one."""
    names = (module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_"))
    return MappingProxyType(dict(sorted((_kind_of(stage), stage) for stage in map(_stage_in, names))))


def _stage_in(name: str) -> type[Stage]:
    module = importlib.import_module(f"{__name__}.{name}")
    found = [
        value
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, Stage) and value.__module__ == module.__name__
    ]
    if len(found) != 1:
        raise TypeError(f"{module.__name__} defines {len(found)} stages, a kind is one file with one stage")
    return found[0]


def _kind_of(stage: type[Stage]) -> str:
    name = stage.model_fields["kind"].default
    if not isinstance(name, str):
        raise TypeError(f'{stage.__module__}.{stage.__name__} lacks a line like: kind: Literal["x"] = "x"')
    return name
