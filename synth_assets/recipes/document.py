"""Reads YAML as recipes need it: every value has a line, nothing is guessed, and no key is lost."""

import json
import math
from dataclasses import dataclass, field
from pathlib import Path

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from synth_assets.core.canonical import Json
from synth_assets.core.errors import RecipeError
from synth_assets.recipes.problems import BrokenRecipe, KeyPath, Problem

_KNOWN_TAGS = {f"tag:yaml.org,2002:{name}" for name in ("str", "map", "seq")}


@dataclass(frozen=True, slots=True)
class Document:
    """A YAML file: its keys and values as JSON knows them, and the line of each."""

    shown: str
    value: dict[str, Json]
    lines: dict[KeyPath, int]
    first_text_lines: dict[KeyPath, int]

    def problem(self, path: KeyPath, message: str, text_line: int | None = None) -> Problem:
        """A fault at a key (or at a line of the text that is its value)."""
        known = path
        while known not in self.lines:
            known = known[:-1]
        line = self.lines[known]
        if text_line is not None:
            line = self.first_text_lines.get(known, line) + text_line - 1
        return Problem(message, self.shown, line, dotted(path))


def dotted(path: KeyPath) -> str:
    """A path of keys as people write it: `stages.raw.inline[0]`."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).lstrip(".")


def read_document(path: Path) -> Document:
    """The mapping that a file holds; BrokenRecipe tells all that hinders reading it."""
    shown = shown_path(path)
    try:
        text = path.read_text("utf-8-sig")
        root = yaml.compose(text, Loader=yaml.BaseLoader)
    except (OSError, UnicodeDecodeError) as error:
        raise BrokenRecipe([RecipeError(f"cannot be read: {error}", where=shown)]) from error
    except RecursionError as error:
        raise BrokenRecipe([_unreadable(shown, "lists or keys are nested too deeply", 0)]) from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise BrokenRecipe([_unreadable(shown, str(error.problem), mark.line if mark else 0)]) from error
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position)
        raise BrokenRecipe([_unreadable(shown, f"{error.reason} (#x{error.character:04x})", line)]) from error
    if not isinstance(root, MappingNode):
        raise BrokenRecipe([_unreadable(shown, "a recipe is a list of keys and values", 0)])
    return _Reading(shown).document(root)


def shown_path(path: Path) -> str:
    """The path as a person here would type it."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)


def _unreadable(shown: str, message: str, line: int) -> Problem:
    return Problem(f"not YAML: {message}", shown, line + 1)


@dataclass(slots=True)
class _Reading:
    """A file while it is read."""

    shown: str
    lines: dict[KeyPath, int] = field(default_factory=dict)
    text_lines: dict[KeyPath, int] = field(default_factory=dict)
    problems: list[tuple[KeyPath, str]] = field(default_factory=list)
    open_nodes: list[int] = field(default_factory=list)

    def document(self, root: MappingNode) -> Document:
        self.lines[()] = 1
        document = Document(self.shown, self._mapping(root, ()), self.lines, self.text_lines)
        if self.problems:
            raise BrokenRecipe([document.problem(path, message) for path, message in self.problems])
        return document

    def _value(self, node: Node, path: KeyPath) -> Json:
        if node.tag not in _KNOWN_TAGS:
            self.problems.append((path, f"the tag {node.tag} means nothing here"))
        if id(node) in self.open_nodes:
            self.problems.append((path, "the value holds itself"))
            return None
        self.open_nodes.append(id(node))
        value = self._inner(node, path)
        self.open_nodes.pop()
        return value

    def _inner(self, node: Node, path: KeyPath) -> Json:
        if isinstance(node, MappingNode):
            return self._mapping(node, path)
        if isinstance(node, SequenceNode):
            return self._sequence(node, path)
        if not isinstance(node, ScalarNode):
            raise TypeError(f"YAML has no {type(node).__name__}")
        self.text_lines[path] = node.start_mark.line + (2 if node.style in ("|", ">") else 1)
        return str(node.value) if node.style else _plain(node.value)

    def _mapping(self, node: MappingNode, path: KeyPath) -> dict[str, Json]:
        values: dict[str, Json] = {}
        for key, value in node.value:
            name = key.value if isinstance(key, ScalarNode) else "?"
            here = (*path, name)
            if name in values:
                self.problems.append((here, f"the key stands here and in line {self.lines[here]}"))
            self.lines[here] = key.start_mark.line + 1
            values[name] = self._value(value, here)
        return values

    def _sequence(self, node: SequenceNode, path: KeyPath) -> list[Json]:
        items = []
        for place, item in enumerate(node.value):
            self.lines[(*path, place)] = item.start_mark.line + 1
            items.append(self._value(item, (*path, place)))
        return items


def _plain(text: str) -> Json:
    """Text without quotes is what JSON takes it for, else text: `no`, 12:30 and 2026-11-01 stay as written."""
    if text in ("", "~"):
        return None
    try:
        value: Json = json.loads(text, parse_constant=str)
    except ValueError:
        return text
    return text if isinstance(value, float) and not math.isfinite(value) else value
