"""Reads a dataset of the Hugging Face hub (or of a local folder) row by row, without downloading all of it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from synth_assets.core.errors import RecipeError
from synth_assets.kinds.support.reading.files import FoundRow, number_rows

PARQUET_BRANCH = "refs/convert/parquet"


@dataclass(frozen=True, slots=True)
class DatasetName:
    """A split of a dataset, as the hub names it."""

    path: str
    config: str | None = None
    split: str = "train"
    revision: str | None = None


def read_dataset(name: DatasetName) -> Iterator[FoundRow]:
    """Yield the rows of the split in their stored order."""
    import datasets

    try:
        found = datasets.load_dataset(name.path, name.config, split=name.split, revision=name.revision, streaming=True)
        yield from number_rows(_with_names(found), f"{name.path} {name.split}")
    except (RuntimeError, ValueError, OSError) as error:  # for names that mean nothing, and for lost connections
        message, remedy = f"{name.path} cannot be read: {error}", _remedy(str(error))
        raise RecipeError(message, where="dataset", remedy=remedy) from error


def _with_names(found: Any) -> Iterator[Mapping[str, object]]:
    """Yield the rows with class labels by their names: the numbers mean nothing outside the set; -1 is no label."""
    import datasets

    features = (found.features or {}).items()
    classes = {name: feature for name, feature in features if isinstance(feature, datasets.ClassLabel)}
    for row in found:
        codes = {name: row[name] for name in classes}
        names = {name: None if n is None or n < 0 else classes[name].int2str(n) for name, n in codes.items()}
        yield {**row, **names}


def _remedy(message: str) -> str:
    if "script" in message:
        return f"sets that run a script no longer load; try the hub's copy of the data: revision: {PARQUET_BRANCH}"
    return "check its name, config, split and revision, and whether the hub can be reached"
