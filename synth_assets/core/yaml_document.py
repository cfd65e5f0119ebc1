"""Reads a YAML file into a document whose every value has a line. Nothing is guessed, and no key is lost.

Recipes and the contract files of SQL models are read by it, so that both tell their problems alike.
"""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from synth_assets.core.canonical import Json
from synth_assets.core.errors import RecipeError

KeyPath: TypeAlias = tuple[str | int, ...]

_KNOWN_TAGS = {f"tag:yaml.org,2002:{name}" for name in ("str", "map", "seq")}


class Problem(RecipeError):
    """One thing that is wrong in a file, with its line (0: the file cannot be read at all) and key."""

    def __init__(self, message: str, shown: str, line: int = 0, key: str = "") -> None:
        super().__init__(message, where=f"{shown}:{line} {key}".rstrip() if line else shown)
        self.line = line


class BrokenRecipe(RecipeError):
    """A recipe or contract file that cannot be used; `problems` are all that were found in it."""

    def __init__(self, problems: Sequence[RecipeError]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = tuple(problems)


@dataclass(frozen=True, slots=True)
class Document:
    """A YAML file: its keys and values as JSON has them, and the line of each. `shown` is its name in messages."""

    shown: str
    value: dict[str, Json]
    lines: dict[KeyPath, int]
    first_text_lines: dict[KeyPath, int]

    def problem(self, path: KeyPath, message: str, text_line: int | None = None) -> Problem:
        """Return a problem at a key, or at a line of the text that is the key's value."""
        known = path
        while known not in self.lines:
            known = known[:-1]
        line = self.lines[known]
        if text_line is not None:
            line = self.first_text_lines.get(known, line) + text_line - 1
        return Problem(message, self.shown, line, dotted(path))


def dotted(path: KeyPath) -> str:
    """Spell a path of keys as people write it: `stages.raw.inline[0]`."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).lstrip(".")


def read_document(path: Path, shown: str, what: str) -> Document | None:
    """Read the mapping that a file holds, None where it holds nothing; BrokenRecipe tells all that hinders reading.

    `what` names the kind of file, for a message: "a recipe".
    """
    try:
        text = path.read_text("utf-8-sig")
        root = yaml.compose(text, Loader=yaml.BaseLoader)
    except (OSError, UnicodeDecodeError) as error:
        raise BrokenRecipe([Problem(f"cannot be read: {error}", shown)]) from error
    except RecursionError as error:
        raise BrokenRecipe([_not_yaml(shown, "lists or keys are nested too deeply", 0)]) from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise BrokenRecipe([_not_yaml(shown, str(error.problem), mark.line if mark else 0)]) from error
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position)
        raise BrokenRecipe([_not_yaml(shown, f"{error.reason} (#x{error.character:04x})", line)]) from error
    if root is None:
        return None
    if not isinstance(root, MappingNode):
        raise BrokenRecipe([not_a_mapping(shown, what)])
    return _Reading(shown).document(root)


def not_a_mapping(shown: str, what: str) -> Problem:
    """Return the problem of a file that holds something else than keys and values."""
    return _not_yaml(shown, f"{what} is a list of keys and values", 0)


def shown_path(path: Path) -> str:
    """Return the path as a person in the working folder would type it."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)


def _not_yaml(shown: str, message: str, line: int) -> Problem:
    return Problem(f"not YAML: {message}", shown, line + 1)


@dataclass(slots=True)
class _Reading:
    """A file while it is read; problems gather, so that one look at the file mends them all."""

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
        value = self._convert(node, path)
        self.open_nodes.pop()
        return value

    def _convert(self, node: Node, path: KeyPath) -> Json:
        if isinstance(node, MappingNode):
            return self._mapping(node, path)
        if isinstance(node, SequenceNode):
            return self._sequence(node, path)
        if not isinstance(node, ScalarNode):
            raise TypeError(f"YAML has no {type(node).__name__}")
        self.text_lines[path] = node.start_mark.line + (2 if node.style in ("|", ">") else 1)
        return str(node.value) if node.style else _read_plain(node.value)

    def _mapping(self, node: MappingNode, path: KeyPath) -> dict[str, Json]:
        values: dict[str, Json] = {}
        for key, value in node.value:
            name = key.value if isinstance(key, ScalarNode) else "?"
            key_path = (*path, name)
            if name in values:
                self.problems.append((key_path, f"the key stands here and in line {self.lines[key_path]}"))
            self.lines[key_path] = key.start_mark.line + 1
            values[name] = self._value(value, key_path)
        return values

    def _sequence(self, node: SequenceNode, path: KeyPath) -> list[Json]:
        items = []
        for index, item in enumerate(node.value):
            self.lines[(*path, index)] = item.start_mark.line + 1
            items.append(self._value(item, (*path, index)))
        return items


def _read_plain(text: str) -> Json:
    """Read text without quotes as JSON if it is JSON, else as text: `no`, 12:30 and 2026-11-01 stay as written."""
    if text in ("", "~"):
        return None
    try:
        value: Json = json.loads(text, parse_constant=str)
    except ValueError:
        return text
    return text if isinstance(value, float) and not math.isfinite(value) else value
