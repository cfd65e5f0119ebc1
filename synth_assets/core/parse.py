"""From the text of a reply to a value, or the reason why not. Nothing is guessed."""

import json
import math
import re

from synth_assets.core.canonical import Json

_FENCE = re.compile(r"\A\s*```[a-zA-Z]*\s*\n(.*?)\n?\s*```\s*\Z", re.DOTALL)


_DIGITS = 300  # more are no number that a table could hold, and thousands would be a ValueError


class Unreadable(ValueError):
    """A reply that does not say what was asked; the message goes to the teacher."""


def strip_code_fence(text: str) -> str:
    """Return the text without the code fence that some models put around JSON."""
    found = _FENCE.match(text)
    return found.group(1) if found else text


def read_object(text: str, *, cut_off: bool = False) -> dict[str, Json]:
    """Return the JSON object that the reply is, alone or in one code fence."""
    if not text.strip():
        raise Unreadable("the answer is empty")
    if cut_off:
        raise Unreadable("the answer was cut off at the limit of tokens: answer more briefly")
    try:
        value = json.loads(
            strip_code_fence(text),
            parse_constant=_no_constant,
            object_pairs_hook=_no_key_twice,
            parse_int=_integer,
            parse_float=_real,
        )
        (json.dumps(value, ensure_ascii=False) if "\\u" in text else text).encode()
    except json.JSONDecodeError as error:
        raise Unreadable(f"the answer is not valid JSON: {error.msg} at character {error.pos}") from error
    except RecursionError as error:
        raise Unreadable("the answer is nested too deeply") from error
    except UnicodeEncodeError as error:
        raise Unreadable("the answer holds half of a surrogate pair") from error
    if not isinstance(value, dict):
        raise Unreadable(f"the answer is a JSON {type(value).__name__}, not an object")
    return value


def _no_key_twice(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise Unreadable(f'the answer has the key "{twice}" twice')
    return found


def _integer(digits: str) -> int:
    if len(digits) > _DIGITS:
        raise Unreadable(f"the answer holds a number of {len(digits)} digits")
    return int(digits)


def _real(digits: str) -> float:
    value = float(digits)
    if math.isinf(value):
        raise Unreadable("the answer holds a number that is too large")
    return value


def _no_constant(name: str) -> None:
    raise Unreadable(f"the answer holds {name}, which is not JSON")
