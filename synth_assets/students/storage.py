"""The folder of a student: plain JSON and arrays, so that loading one runs nobody's code."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from synth_assets.core.errors import RecipeError
from synth_assets.students.ngrams import known
from synth_assets.students.student import NgramStudent, Student

ABOUT, TERMS, ARRAYS = "student.json", "terms.json", "model.npz"
NGRAMS, TRANSFORMER = "ngrams/1", "transformer/1"


def save(student: NgramStudent, folder: Path) -> None:
    """Writes the model itself; `save_about` adds what is known of it."""
    import numpy as np

    terms = [sorted(view.vocabulary_, key=view.vocabulary_.__getitem__) for view in student.views]
    (folder / TERMS).write_text(json.dumps(terms, ensure_ascii=False), "utf-8")
    weights = {f"idf_{place}": view.idf_ for place, view in enumerate(student.views)}
    model = {"coefficients": student.coefficients, "intercepts": student.intercepts}
    np.savez_compressed(folder / ARRAYS, **weights, **model)


def save_about(folder: Path, kind: str, labels: Sequence[str], told: Mapping[str, Any]) -> None:
    """Writes what a student is, and all that is told of it."""
    about = {"kind": kind, "labels": list(labels), **told}
    (folder / ABOUT).write_text(json.dumps(about, ensure_ascii=False, indent=2) + "\n", "utf-8")


def about(folder: Path) -> dict[str, Any]:
    """What is told of a student; RecipeError where the folder holds none."""
    try:
        found = json.loads((folder / ABOUT).read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise RecipeError("there is no student in this folder", where=str(folder), remedy=_REMEDY) from error
    if not isinstance(found, dict) or found.get("kind") not in (NGRAMS, TRANSFORMER):
        raise RecipeError(f"{ABOUT} is none of this version's", where=str(folder), remedy=_REMEDY)
    return found


def load(folder: Path) -> Student:
    """The student of a folder."""
    told = about(folder)
    labels = tuple(map(str, told["labels"]))
    if told["kind"] == TRANSFORMER:
        from synth_assets.students.transformer import load_transformer

        return load_transformer(folder, labels)
    return _load_ngrams(folder, labels)


def _load_ngrams(folder: Path, labels: tuple[str, ...]) -> NgramStudent:
    import numpy as np

    try:
        terms = json.loads((folder / TERMS).read_text("utf-8"))
        with np.load(folder / ARRAYS, allow_pickle=False) as arrays:
            views = known(terms, [arrays["idf_0"], arrays["idf_1"]])
            return NgramStudent(labels, views, arrays["coefficients"], arrays["intercepts"])
    except (OSError, ValueError, KeyError) as error:
        raise RecipeError(f"the student is damaged: {error}", where=str(folder), remedy=_REMEDY) from error


def student_hash(folder: Path) -> str:
    """The name of a student by its content."""
    found = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file() and path.name != "README.md"):
        found.update(path.name.encode())
        with path.open("rb") as file:
            found.update(hashlib.file_digest(file, "sha256").digest())
    return found.hexdigest()[:32]


_REMEDY = "name the folder that a stage of kind `student` wrote, or `recipe.stage` for its newest one"
