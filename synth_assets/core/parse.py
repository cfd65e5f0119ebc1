"""From the text of a reply to a value, or the reason why not. Nothing is guessed."""

import json
import re

from synth_assets.core.canonical import Json

_FENCE = re.compile(r"\A\s*```[a-zA-Z]*\s*\n(.*?)\n?\s*```\s*\Z", re.DOTALL)


class Unreadable(ValueError):
    """A reply that does not say what was asked; the message is what the teacher is told."""


def unfenced(text: str) -> str:
    """The text without the code fence that some models put around JSON."""
    found = _FENCE.match(text)
    return found.group(1) if found else text


def read_object(text: str, *, cut_off: bool = False) -> dict[str, Json]:
    """The JSON object that the reply is, alone or in one code fence."""
    if not text.strip():
        raise Unreadable("the answer is empty")
    if cut_off:
        raise Unreadable("the answer was cut off at the limit of tokens: answer more briefly")
    try:
        value = json.loads(unfenced(text), parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        raise Unreadable(f"the answer is not valid JSON: {error.msg} at character {error.pos}") from error
    if not isinstance(value, dict):
        raise Unreadable(f"the answer is a JSON {type(value).__name__}, not an object")
    return value


def _no_constant(name: str) -> None:
    raise Unreadable(f"the answer holds {name}, which is not JSON")
