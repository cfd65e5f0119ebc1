"""Finds the SQL models: those shipped with the package, and the user's own, which replace them."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from synth_assets.core.errors import RecipeError
from synth_assets.core.yaml_document import BrokenRecipe
from synth_assets.settings import Settings
from synth_assets.sql.contract_file import read_contract_file
from synth_assets.sql.model import Extras, Model
from synth_assets.sql.parse import BadSql, Parsed, parse_model

FOLDER = "dbt_like_sql"

# DuckLake replaces some of these tokens in the text of a view, which is metadata to it, but not in the rows of a table.
_LAKE_TOKEN = re.compile(r"\{[A-Z_]+\}")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_ENGINE_TABLES = ("ops.calls", "ops.commits", "ops.reject_counts")


@dataclass(frozen=True, slots=True)
class FoundModels:
    """The models that can be used, the problems of each of the others, and notes for the user."""

    models: tuple[Model, ...]
    broken: Mapping[str, list[RecipeError]]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _File:
    table: str
    path: Path
    shown: str
    shipped: bool


def find_models(settings: Settings) -> FoundModels:
    """Find every `schema/table.sql` in the shipped folder and in the user's."""
    files: dict[str, _File] = {}
    notes: list[str] = []
    shipped = shipped_folder()
    for file in _files(shipped, FOLDER, shipped=True):
        files[file.table] = file
    own = settings.sql
    if own is not None and not own.is_dir():
        notes.append(f"SYNTH_SQL names a folder that is not there: {own}")
    elif own is not None and own.resolve() != shipped.resolve():
        for file in _files(own, own.name, shipped=False):
            if file.table in files:
                notes.append(f"{file.shown} takes the place of the shipped model {file.table}")
            files[file.table] = file
    return _read_all(files.values(), notes)


def shipped_folder() -> Path:
    """Return the folder of the package's models: inside the package where it is installed, next to it in a checkout."""
    inside = Path(__file__).parent / "models"
    return inside if inside.is_dir() else Path(__file__).parents[2] / FOLDER


def _files(folder: Path, shown: str, shipped: bool) -> Iterator[_File]:
    for path in sorted(folder.glob("*/*.sql")):
        yield _File(f"{path.parent.name}.{path.stem}", path, f"{shown}/{path.parent.name}/{path.name}", shipped)


def _read_all(files: Iterable[_File], notes: list[str]) -> FoundModels:
    models: list[Model] = []
    broken: dict[str, list[RecipeError]] = {}
    for file in files:
        try:
            model = _read(file)
        except BrokenRecipe as error:
            broken[file.table] = list(error.problems)
            continue
        if model.materialized == "view" and _LAKE_TOKEN.search(model.sql):
            notes.append(f"{file.shown} holds a word in braces that a view would lose, so it becomes a table")
            model = replace(model, extras=replace(model.extras, materialized="table"))
        models.append(model)
    return FoundModels(tuple(models), broken, tuple(notes))


def _read(file: _File) -> Model:
    """Read the model in a file; BrokenRecipe tells all that is wrong with it and with its contract file."""
    problems = _name_problems(file)
    extras = Extras()
    contract_file = file.path.with_suffix(".yaml")
    try:
        if contract_file.is_file():
            extras = read_contract_file(contract_file, file.shown.removesuffix(".sql") + ".yaml")
    except BrokenRecipe as error:
        problems += error.problems
    try:
        parsed = parse_model(file.path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        problems.append(RecipeError(f"the file cannot be read: {error}", where=file.shown))
    except BadSql as error:
        problems.append(RecipeError(str(error), where=f"{file.shown}:{error.line}"))
    if problems:
        raise BrokenRecipe(problems)
    return _model(file, parsed, extras)


def _model(file: _File, parsed: Parsed, extras: Extras) -> Model:
    schema, _, name = file.table.partition(".")
    return Model(
        schema=schema,
        name=name,
        path=file.path,
        shown=file.shown,
        sql=parsed.sql,
        tokens=parsed.tokens,
        inputs=parsed.inputs,
        description=parsed.description or extras.description,
        extras=extras,
        shipped=file.shipped,
    )


def _name_problems(file: _File) -> list[RecipeError]:
    if file.table.lower() in _ENGINE_TABLES:
        return [RecipeError(f"{file.table} is a table of the engine", where=file.shown, remedy="rename the file")]
    names = (file.path.parent.name, file.path.stem)
    if not all(_NAME.fullmatch(name) for name in names):
        message = "folder and file name a table: letters, digits and underscores, no digit first"
        return [RecipeError(message, where=file.shown, remedy="rename it")]
    return []
