"""The house rules that ruff and import-linter have no word for."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[2] / "synth_assets"
MODULES = sorted(PACKAGE.rglob("*.py"))
FOLDERS = sorted({path.parent for path in MODULES})
DIALECT = {
    "told",
    "said",
    "kin",
    "sheet",
    "sheets",
    "lane",
    "lanes",
    "purse",
    "desk",
    "marks",
    "siblings",
    "road",
    "booked",
    "settled",
    "reach",
}
"""Words that were once names here, and that nobody of the field would know."""
KEYS_OF_JSON = {"cli/commands/check.py": {"told"}, "cli/diagnostics.py": {"told"}}
"""Fields whose names are keys of what `--json` prints."""
VAGUE = {"utils", "helpers", "manager", "common", "base", "misc"}


def _name(path: Path) -> str:
    return str(path.relative_to(PACKAGE))


def _names(tree: ast.AST) -> Iterator[str]:
    """Every name that a module gives: to functions, classes, arguments, variables and attributes."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.id if isinstance(node, ast.Name) else node.attr


def _functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


@pytest.mark.parametrize("path", MODULES, ids=_name)
def test_a_module_says_its_job(path: Path) -> None:
    text = path.read_text("utf-8")
    assert not text.strip() or ast.get_docstring(ast.parse(text)), "the first line says what the module is for"


@pytest.mark.parametrize("path", MODULES, ids=_name)
def test_a_function_is_at_most_40_lines(path: Path) -> None:
    long = {
        node.name: node.end_lineno - node.lineno + 1
        for node in _functions(path)
        if node.end_lineno and node.end_lineno - node.lineno + 1 > 40
    }
    assert not long


@pytest.mark.parametrize("path", MODULES, ids=_name)
def test_names_say_something(path: Path) -> None:
    assert not VAGUE & {part.strip("_") for part in path.with_suffix("").relative_to(PACKAGE).parts}


@pytest.mark.parametrize("path", MODULES, ids=_name)
def test_only_settings_read_the_environment(path: Path) -> None:
    if path.name == "settings.py":
        return
    tree = ast.parse(path.read_text("utf-8"))
    reads = [
        node.lineno for node in ast.walk(tree) if isinstance(node, ast.Attribute) and node.attr in ("environ", "getenv")
    ]
    assert not reads, f"os.environ is read at line {reads}; settings.py is the place for it"


@pytest.mark.parametrize("folder", FOLDERS, ids=_name)
def test_a_folder_holds_at_most_25_modules(folder: Path) -> None:
    assert sum(path.parent == folder for path in MODULES) <= 25


@pytest.mark.parametrize("path", MODULES, ids=_name)
def test_names_are_words_of_the_field(path: Path) -> None:
    names = {name for name in _names(ast.parse(path.read_text("utf-8"))) if name.strip("_").lower() in DIALECT}
    assert not names - KEYS_OF_JSON.get(_name(path), set())
