"""Reads and writes the folder of a student: plain JSON and arrays, so that loading one runs nobody's code."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from synth_assets.core.errors import RecipeError
from synth_assets.students.student import NgramStudent, Student, restore_vectorizers

_DESCRIPTION, _TERMS, _ARRAYS = "student.json", "terms.json", "model.npz"
NGRAMS, TRANSFORMER = "ngrams/1", "transformer/1"


def save(student: NgramStudent, folder: Path) -> None:
    """Write the model itself; `save_description` adds its description."""
    import numpy as np

    terms = [sorted(each.vocabulary_, key=each.vocabulary_.__getitem__) for each in student.vectorizers]
    (folder / _TERMS).write_text(json.dumps(terms, ensure_ascii=False), "utf-8")
    arrays = {f"idf_{number}": each.idf_ for number, each in enumerate(student.vectorizers)}
    coefficients, intercepts = student.coefficients, student.intercepts
    np.savez_compressed(folder / _ARRAYS, **arrays, coefficients=coefficients, intercepts=intercepts)


def save_description(folder: Path, kind: str, labels: Sequence[str], details: Mapping[str, Any]) -> None:
    """Write what kind of student it is, its labels and further details."""
    description = {"kind": kind, "labels": list(labels), **details}
    (folder / _DESCRIPTION).write_text(json.dumps(description, ensure_ascii=False, indent=2) + "\n", "utf-8")


def load_description(folder: Path) -> dict[str, Any]:
    """Return the description of a student; RecipeError if the folder holds none."""
    try:
        description = json.loads((folder / _DESCRIPTION).read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise RecipeError("there is no student in this folder", where=str(folder), remedy=_REMEDY) from error
    if not isinstance(description, dict) or description.get("kind") not in (NGRAMS, TRANSFORMER):
        raise RecipeError(f"{_DESCRIPTION} is none of this version's", where=str(folder), remedy=_REMEDY)
    return description


def load(folder: Path) -> Student:
    """Load the student of a folder."""
    description = load_description(folder)
    labels = tuple(map(str, description["labels"]))
    if description["kind"] == TRANSFORMER:
        from synth_assets.students.transformer import load_transformer

        return load_transformer(folder, labels)
    return _load_ngrams(folder, labels)


def _load_ngrams(folder: Path, labels: tuple[str, ...]) -> NgramStudent:
    import numpy as np

    try:
        terms = json.loads((folder / _TERMS).read_text("utf-8"))
        with np.load(folder / _ARRAYS, allow_pickle=False) as arrays:
            vectorizers = restore_vectorizers(terms, [arrays["idf_0"], arrays["idf_1"]])
            return NgramStudent(labels, vectorizers, arrays["coefficients"], arrays["intercepts"])
    except (OSError, ValueError, KeyError) as error:
        raise RecipeError(f"the student is damaged: {error}", where=str(folder), remedy=_REMEDY) from error


def student_hash(folder: Path) -> str:
    """Return a hash of all files of a student, which names it by its content."""
    digest = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file() and path.name != "README.md"):
        digest.update(path.name.encode())
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()[:32]


_REMEDY = "name the folder that a stage of kind `student` wrote, or `recipe.stage` for its newest one"
