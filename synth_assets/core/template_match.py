"""Matches a text against the template that it may be rendered from, and gives back what was filled in."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from jinja2 import nodes

from synth_assets.core.prompt import Prompt


@dataclass(frozen=True, slots=True)
class TemplateMatch:
    """What a text filled in: values by variable, the choices of `if x == "…"`, and the items of each loop."""

    values: Mapping[str, str]
    items: Mapping[str, Sequence[Mapping[str, str]]]


def match_template(prompt: Prompt, text: str) -> TemplateMatch | None:
    """Return what the template was filled in with to give this text; None if the text is not from it."""
    return _compiled(prompt).match(text)


@dataclass(slots=True)
class _Pattern:
    """A regular expression in the making. Its groups have numbers, as variables may have any path."""

    parts: list[str] = field(default_factory=list)
    values: list[tuple[str, str]] = field(default_factory=list)
    choices: list[tuple[str, str, str]] = field(default_factory=list)
    loops: list[tuple[str, str, "_Pattern"]] = field(default_factory=list)
    count: int = 0

    def match(self, text: str) -> TemplateMatch | None:
        found = re.compile(rf"{''.join(self.parts)}\Z", re.DOTALL).match(text)
        if found is None:
            return None
        values: dict[str, str] = {}
        for group, name in self.values:
            if found[group] is not None:
                values.setdefault(name, found[group])
        for group, name, constant in self.choices:
            if found[group] is not None:
                values[name] = constant
        items: dict[str, Sequence[Mapping[str, str]]] = {}
        for group, name, body in self.loops:
            listed = body.split(found[group] or "")
            if listed is None:
                return None
            items[name] = listed
        return TemplateMatch(values, items)

    def split(self, text: str) -> list[Mapping[str, str]] | None:
        """Read what a loop wrote, item by item; None where something is left over."""
        items: list[Mapping[str, str]] = []
        end = 0
        start = self.parts[0] if self.parts else ""
        for found in re.finditer(rf"{''.join(self.parts)}(?={start}|\Z)", text, re.DOTALL):
            if found.start() != end or not found[0]:
                return None
            items.append({name: found[group] for group, name in self.values if found[group] is not None})
            end = found.end()
        return items if end == len(text) else None

    def add(self, body: Sequence[nodes.Node]) -> None:
        for node in body:
            if isinstance(node, nodes.Output):
                for part in node.nodes:
                    self._add_output(part)
            elif isinstance(node, nodes.If):
                self._add_if(node)
            elif isinstance(node, nodes.For):
                inner = _Pattern()
                inner.add(node.body)
                self.loops.append((self._open(), _name(node.iter), inner))
                self.parts.append(".*?)")
            else:
                raise ValueError(f"a text cannot be matched with {type(node).__name__} in its template")

    def _add_output(self, node: nodes.Node) -> None:
        if isinstance(node, nodes.TemplateData):
            self.parts.append(re.escape(node.data))
        elif name := _name(node):
            self.values.append((self._open(), name))
            self.parts.append(".*?)")
        else:
            self.parts.append(".*?")

    def _add_if(self, node: nodes.If) -> None:
        self.parts.append("(?:")
        for branch in (node, *node.elif_):
            group = self._open()
            if isinstance(branch.test, nodes.Compare) and (choice := _choice(branch.test)):
                self.choices.append((group, *choice))
            self.add(branch.body)
            self.parts.append(")|")
        self.add(node.else_)
        self.parts.append(")")

    def _open(self) -> str:
        group = f"g{self.count}"
        self.count += 1
        self.parts.append(f"(?P<{group}>")
        return group


@lru_cache(maxsize=64)
def _compiled(prompt: Prompt) -> _Pattern:
    pattern = _Pattern()
    pattern.add(prompt.syntax().body)
    return pattern


def _choice(test: nodes.Compare) -> tuple[str, str] | None:
    (operand, *_) = test.ops
    if operand.op == "eq" and isinstance(operand.expr, nodes.Const) and isinstance(operand.expr.value, str):
        return _name(test.expr), operand.expr.value
    return None


def _name(node: nodes.Node) -> str:
    """Return the variable that an expression shows, like `example.text`; empty where it is made of more."""
    if isinstance(node, nodes.Name):
        return node.name
    if isinstance(node, nodes.Getattr):
        return f"{_name(node.node)}.{node.attr}"
    if isinstance(node, nodes.Filter) and node.node is not None:
        return _name(node.node)
    if isinstance(node, nodes.Call) and isinstance(node.node, nodes.Getattr):
        return _name(node.node.node)
    return ""
