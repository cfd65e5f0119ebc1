"""The hash of the code that makes a stage's rows: comments, words for people and formatting don't count."""

import ast
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

from synth_assets.core.canonical import Json, content_hash
from synth_assets.core.stage import Stage

_PACKAGE = "synth_assets"
_BUILDS_ON = ("core", "kinds", "analysis", "exports", "students")
# The frame around every kind: it carries rows and requests, it does not shape them (calls have keys of their own).
_FRAME = {
    f"{_PACKAGE}.core.{name}"
    for name in (
        "contract",
        "errors",
        "rehearsal",
        "request",
        "stage",
        "stage_context",
        "teacher_spec",
        "template_match",
    )
} | {f"{_PACKAGE}.kinds"}
# What the offline teacher would answer, and what is drawn of a table, make none of its rows.
_NO_ROWS = {"rehearse", "pictures"}


def code_hash(kind: type[Stage]) -> str:
    """Hash the kind's module, what it builds on, and the text files named after it."""
    modules = _closure(kind.__module__)
    return content_hash("code/1", [[name, _code(name)] for name in modules] + [_texts(kind.__module__)])


def _closure(start: str) -> list[str]:
    seen, todo = {start}, [start]
    while todo:
        new = _imports(todo.pop()) - seen
        seen |= new
        todo += new
    return sorted(seen)


@cache
def _imports(module: str) -> frozenset[str]:
    """Return the modules that `module` imports and that can shape rows: of this package, or of its own."""
    named: set[str] = set()
    for node in ast.walk(_tree(module)):
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            named |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Import):
            named |= {alias.name for alias in node.names}
    own = module.partition(".")[0]
    return frozenset(name for name in named - _FRAME if _shapes_rows(name, own) and _source_file(name) is not None)


def _shapes_rows(module: str, own: str) -> bool:
    package, *path = module.split(".")
    return path[:1] != [] and path[0] in _BUILDS_ON if package == _PACKAGE else package == own


def _source_file(module: str) -> Traversable | None:
    """Return the file of a module or of a package; None where the name is of something else."""
    package, *path = module.split(".")
    root = files(package)
    found = [root.joinpath(*path[:-1], f"{path[-1]}.py")] if path else []
    found.append(root.joinpath(*path, "__init__.py"))
    return next((file for file in found if file.is_file()), None)


@cache
def _tree(module: str) -> ast.Module:
    file = _source_file(module)
    assert file is not None
    return without_shows(ast.parse(file.read_text("utf-8")))


def without_shows(tree: ast.Module) -> ast.Module:
    """Take rehearsals and pictures out of a module, and what only they use."""
    left_out: list[ast.stmt] = []
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            shows = [each for each in node.body if isinstance(each, ast.FunctionDef) and each.name in _NO_ROWS]
            node.body = [each for each in node.body if each not in shows]
            left_out += shows
    size = -1
    while left_out and size != len(left_out):
        size = len(left_out)
        tree.body = _without_unused(tree.body, left_out)
    return tree


def _without_unused(body: list[ast.stmt], left_out: list[ast.stmt]) -> list[ast.stmt]:
    """Return the statements that define something for others than those left out, and add the rest to these."""
    names = _names_in(left_out)
    uses = [_names_in([node]) for node in body]
    kept: list[ast.stmt] = []
    for index, node in enumerate(body):
        unused = names.difference(*uses[:index], *uses[index + 1 :])
        if isinstance(node, ast.Import | ast.ImportFrom):
            node.names = [alias for alias in node.names if _bound(alias) not in unused]
            kept += [node] if node.names else []
        else:
            (left_out if _defined(node) and _defined(node) <= unused else kept).append(node)
    return kept


def _names_in(nodes: list[ast.stmt]) -> frozenset[str]:
    """Return the names that statements read."""
    found = (node for statement in nodes for node in ast.walk(statement))
    return frozenset(node.id for node in found if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load))


def _defined(node: ast.stmt) -> frozenset[str]:
    """Return the private names that a statement of a module defines: public ones are others' to use."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        names = [node.name]
    elif isinstance(node, ast.Assign | ast.AnnAssign):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        names = [target.id for target in targets if isinstance(target, ast.Name)]
    else:
        names = []
    return frozenset(names) if all(name.startswith("_") for name in names) else frozenset()


def _bound(alias: ast.alias) -> str:
    return alias.asname or alias.name.partition(".")[0]


@cache
def _code(module: str) -> str:
    return tree_hash(_tree(module))


@cache
def _texts(module: str) -> list[Json]:
    """Return the prompt files of a kind, named `kind.*`, with their texts."""
    package, _, name = module.rpartition(".")
    neighbors = (file for file in files(package).iterdir() if file.is_file()) if package else ()
    texts = [(file.name, file.read_text("utf-8")) for file in neighbors if file.name.startswith(f"{name}.")]
    return [[file, text] for file, text in sorted(texts) if not file.endswith(".py")]


def tree_hash(tree: ast.Module) -> str:
    """Hash what the code does, the same in every version of Python and however it is laid out."""
    return content_hash("ast/1", _shape(tree))


def _shape(node: ast.AST) -> Json:
    fields: list[Json] = [type(node).__name__]
    for name, value in ast.iter_fields(node):
        children = value if isinstance(value, list) else [value]
        kept = [_leaf(child) for child in children if child is not None and not _is_words(node, child)]
        # What is empty is left out: later versions of Python add fields that are empty for code of today.
        if kept and name not in ("ctx", "type_comment"):
            fields.append([name, *kept])
    return fields


def _leaf(value: object) -> Json:
    return _shape(value) if isinstance(value, ast.AST) else f"{type(value).__name__} {value!r}"


def _is_words(parent: ast.AST, node: object) -> bool:
    """Say whether this is a docstring, or one of the descriptions of keys and columns."""
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
    if isinstance(node, ast.keyword) and isinstance(parent, ast.Call) and isinstance(parent.func, ast.Name):
        return node.arg == "description" and parent.func.id in ("Field", "Column")
    return False
