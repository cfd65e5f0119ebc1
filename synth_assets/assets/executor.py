"""Which executor runs the steps of a run."""

import importlib

import dagster as dg

from synth_assets.core.errors import RecipeError
from synth_assets.settings import Settings

_KNOWN = {"in_process": dg.in_process_executor, "multiprocess": dg.multiprocess_executor}


def executor_of(settings: Settings) -> dg.ExecutorDefinition:
    """In this process by default: concurrency is inside the teacher. Others by name, or as `module:attribute`."""
    named = settings.executor
    if named in _KNOWN:
        return _KNOWN[named]
    module, _, attribute = named.partition(":")
    try:
        found = getattr(importlib.import_module(module), attribute) if attribute else None
    except (ImportError, AttributeError) as error:
        raise _unknown(named, str(error)) from error
    if not isinstance(found, dg.ExecutorDefinition):
        raise _unknown(named, "it names no executor")
    return found


def _unknown(named: str, why: str) -> RecipeError:
    remedy = f"{', '.join(_KNOWN)}, or module:attribute, like dagster_celery:celery_executor"
    return RecipeError(f"{named!r} cannot be used: {why}", where="SYNTH_EXECUTOR", remedy=remedy)
