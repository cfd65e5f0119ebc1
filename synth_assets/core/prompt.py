"""Prompt templates: Jinja in a sandbox, where a name that means nothing is an error and never a blank."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import jinja2
from jinja2 import meta
from jinja2.sandbox import ImmutableSandboxedEnvironment

_ENVIRONMENT = ImmutableSandboxedEnvironment(
    undefined=jinja2.StrictUndefined, autoescape=False, keep_trailing_newline=False
)


@dataclass(frozen=True, slots=True)
class Prompt:
    """The text of a template, known to be well-formed."""

    text: str

    def __post_init__(self) -> None:
        self.variables()

    def variables(self) -> frozenset[str]:
        """The names the template reads; ValueError where it is malformed."""
        try:
            return frozenset(meta.find_undeclared_variables(_ENVIRONMENT.parse(self.text)))
        except jinja2.TemplateSyntaxError as error:
            raise ValueError(f"line {error.lineno} of the template: {error.message}") from error

    def render(self, values: Mapping[str, object]) -> str:
        """The template filled in; ValueError names what it reads that is not there."""
        try:
            return _compiled(self.text).render(values)
        except jinja2.TemplateError as error:
            raise ValueError(f"the template cannot be filled in: {error}") from error


@lru_cache(maxsize=256)
def _compiled(text: str) -> jinja2.Template:
    return _ENVIRONMENT.from_string(text)
