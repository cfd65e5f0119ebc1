"""Prompt templates: Jinja in a sandbox, where a name that means nothing is an error and never a blank."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated

import jinja2
from jinja2 import meta, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment
from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

from synth_assets.core.contract import Contract
from synth_assets.core.stage import StageError
from synth_assets.core.suggestions import suggestion


def _plain_json(value: object, indent: int | None = None) -> str:
    """Return JSON as a teacher should see it: Jinja's own filter escapes it for HTML."""
    return json.dumps(value, ensure_ascii=False, indent=indent)


def _environment() -> jinja2.Environment:
    environment = ImmutableSandboxedEnvironment(
        undefined=jinja2.StrictUndefined, autoescape=False, keep_trailing_newline=False
    )
    # The same row must give the same prompt each time, or its answer would be bought again.
    for name in ("lipsum", "cycler", "joiner"):
        del environment.globals[name]
    del environment.filters["random"]
    environment.filters["tojson"] = _plain_json
    return environment


_ENVIRONMENT = _environment()
_SINGLE_BRACED = re.compile(r"\{ ?(\w+) ?\}")


class TemplateFault(ValueError):
    """A template that is malformed; `line` is the line of the template."""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(message)
        self.line = line


@dataclass(frozen=True, slots=True)
class Prompt:
    """The text of a template, known to be well-formed."""

    text: str

    def __post_init__(self) -> None:
        _compiled(self.text)

    def syntax(self) -> nodes.Template:
        """Parse the template into its syntax tree."""
        return _ENVIRONMENT.parse(self.text)

    def variables(self) -> frozenset[str]:
        """Return the names the template reads."""
        found = meta.find_undeclared_variables(self.syntax())
        return frozenset(found - _ENVIRONMENT.globals.keys())

    def single_braced(self) -> Iterator[tuple[str, int]]:
        """Yield the names in single braces, as other templates have them, and their lines."""
        for node in self.syntax().find_all(nodes.TemplateData):
            for found in _SINGLE_BRACED.finditer(node.data):
                yield found[1], node.lineno + node.data.count("\n", 0, found.start())

    def line_of(self, variable: str) -> int:
        """Return the first line of the template that names the variable."""
        named = self.syntax().find_all(nodes.Name)
        return min((node.lineno for node in named if node.name == variable), default=1)

    def render(self, values: Mapping[str, object]) -> str:
        """Fill in the template; ValueError names what it reads and the values lack."""
        try:
            return _compiled(self.text).render(values)
        except (jinja2.TemplateError, ArithmeticError, TypeError, LookupError) as error:
            raise ValueError(f"the template cannot be filled in: {error}") from error


@lru_cache(maxsize=256)
def _compiled(text: str) -> jinja2.Template:
    try:
        return _ENVIRONMENT.from_string(text)
    except jinja2.TemplateSyntaxError as error:
        raise TemplateFault(f"the template is malformed: {error.message}", error.lineno) from error


def _well_formed(text: str) -> str:
    try:
        Prompt(text)
    except TemplateFault as error:
        raise PydanticCustomError("template", "{message}", {"message": str(error), "line": error.line}) from error
    return text


Template = Annotated[str, AfterValidator(_well_formed)]
"""The type of a key of a stage that holds a template."""


def check_template(key: str, text: str, read: Contract) -> None:
    """Raise StageError at the first variable of a stage's template that the table it reads does not have.

    Also at a column in single braces: it would stay as it is, and every row would be asked the same.
    """
    prompt = Prompt(text)
    for name, line in prompt.single_braced():
        if name in read.names():
            raise StageError(key, f'"{{{name}}}" is plain text; the column is "{{{{ {name} }}}}"', line)
    for name in sorted(prompt.variables() - set(read.names()), key=prompt.line_of):
        hint = suggestion(name, read.names())
        raise StageError(key, f'the template reads "{name}", which is no column; {hint}', prompt.line_of(name))
