"""Copies an export to where somebody wants it: whole or not at all, and checked against its manifest."""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from synth_assets.core.errors import RecipeError, SynthError

if TYPE_CHECKING:
    from synth_assets.exports.manifest import Manifest
    from synth_assets.recipes import Recipe


@dataclass(frozen=True, slots=True)
class Export:
    """An export, and where it is now."""

    folder: Path
    manifest: "Manifest"


def sinks_of(recipe: "Recipe", stage: str | None) -> list[str]:
    """Return the stages of a recipe that write files, or the one that was named."""
    sinks = [name for name, each in recipe.stages.items() if each.shape == "sink"]
    if stage is None and sinks:
        return sinks
    if stage is not None and stage in sinks:
        return [stage]
    message = f"{stage!r} writes no files" if stage is not None else "no stage of it writes files"
    remedy = f"these do: {', '.join(sinks)}" if sinks else "add one, such as `kind: chat_jsonl`"
    raise RecipeError(message, where=str(recipe.path), remedy=remedy)


def copy_export(folder: Path, to: Path) -> "Manifest":
    """Copies the folder of an export, links and all resolved; the manifest of the copy."""
    from synth_assets.exports import manifest

    to.parent.mkdir(parents=True, exist_ok=True)
    draft = to.with_name(f".{to.name}.{os.getpid()}.part")
    try:
        shutil.copytree(folder, draft)
        changes = manifest.verify(draft)
        if changes:
            raise SynthError(
                f"the export is not as it was made: {'; '.join(changes)}",
                where=str(folder),
                remedy="make it anew with `synth run RECIPE --stage STAGE --force`",
            )
        _swap(draft, to)
    except OSError as error:
        raise SynthError(f"it cannot be copied: {error}", where=str(to)) from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return manifest.read(to)


def raise_if_in_the_way(to: Path, *, force: bool) -> None:
    """Raise an error where something would be overwritten that is no export, or without --force."""
    from synth_assets.exports.manifest import NAME

    if not to.exists() or (to.is_dir() and not any(to.iterdir())):
        return
    if not (to / NAME).is_file():
        raise SynthError("something else is there", where=str(to), remedy="name a folder that is new, or empty")
    if not force:
        raise SynthError("there is an export already", where=str(to), remedy="--force puts the new one in its place")


def _swap(draft: Path, to: Path) -> None:
    aside = draft.with_suffix(".old")
    if to.exists():
        to.rename(aside)
    draft.rename(to)
    shutil.rmtree(aside, ignore_errors=True)
