"""Labels: how a recipe declares them, and which one an answer names. Harmless variation is mapped, nothing guessed."""

import ast
import json
import re
import unicodedata
import warnings
from collections.abc import Callable, Mapping, Sequence

from synth_assets.core.canonical import Json
from synth_assets.core.parse import Unreadable, read_object, strip_code_fence

_QUOTES = " \t\r\n\"'“”„‘’‚«»‹›「」『』`*_([{"
_ENDS = " \t\r\n\"'“”„‘’‚«»‹›「」『』`*_)]}.,;:!。।"  # not the question mark: "positive?" is not sure
_SEPARATORS = re.compile(r"(?<=\w)[\s_-]+(?=\w)")
_PREFIX = re.compile(r"\A\W*(?:the )?(?:label|answer)(?: is)?\W*[:：=]", re.IGNORECASE)
_SHOWN = 60


def as_labels(value: object) -> object:
    """Read a list of names as a mapping of names to no descriptions."""
    if isinstance(value, list) and all(isinstance(name, str) for name in value):
        if twice := {name for name in value if value.count(name) > 1}:
            raise ValueError(f'"{min(twice)}" is there twice')
        return dict.fromkeys(value, "")
    return value


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def _bare(text: str) -> str:
    return _folded(text).lstrip(_QUOTES).rstrip(_ENDS)


def _spaced(text: str) -> str:
    return _SEPARATORS.sub(" ", _bare(text))


# From the strictest reading to the loosest; a reading counts only if it fits exactly one label.
_READINGS: tuple[Callable[[str], str], ...] = (str.strip, _folded, _bare, _spaced)


def label_of(answer: Json, names: Sequence[str]) -> str:
    """Return the one label that the answer is, all of it and alone; Unreadable where it is none of them."""
    if isinstance(answer, bool | int):
        answer = json.dumps(answer)  # a label such as "4" or "true", without its quotes
    if not isinstance(answer, str) or not answer.strip():
        raise Unreadable(f"the label is {_shown(answer)}, not one of: {', '.join(names)}")
    for text in (answer, _PREFIX.sub("", answer, count=1)):
        for reading in _READINGS:
            form = reading(text)
            fitting = [name for name in names if reading(name) == form] if form else []
            if len(fitting) == 1:
                return fitting[0]
    raise Unreadable(f"{_shown(answer)} is none of the labels: {', '.join(names)}")


def labels_of(answer: Json, names: Sequence[str]) -> list[str]:
    """Return the labels in a list, none of them twice, in the order of the recipe."""
    if not isinstance(answer, Sequence) or isinstance(answer, str):
        raise Unreadable(f'"labels" is {_shown(answer)}, not a list')
    found = {label_of(each, names) for each in answer}
    return [name for name in names if name in found]


def answer_object(text: str) -> Mapping[str, Json]:
    """Return the object that a reply is, in JSON or as Python spells a dict; its keys in small letters."""
    try:
        found = read_object(text)
    except Unreadable:
        spelled = _python_dict(strip_code_fence(text).strip())
        if spelled is None:
            raise
        found = read_object(spelled)
    lowered = {name.strip().lower(): value for name, value in found.items()}
    if len(lowered) < len(found):
        raise Unreadable("the answer has the same key twice")
    return lowered


def _python_dict(text: str) -> str | None:
    """Return a dict in Python's spelling as JSON; None where it is none, or where it has a key twice."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)  # a stray backslash
            tree = ast.parse(text, mode="eval").body
        if not isinstance(tree, ast.Dict):
            return None
        value = ast.literal_eval(tree)
        is_plain = len(value) == len(tree.keys) and all(isinstance(key, str) for key in value)
        return json.dumps(value) if is_plain else None
    except (SyntaxError, ValueError, TypeError, MemoryError, RecursionError):
        return None


def _shown(answer: Json) -> str:
    text = json.dumps(answer, ensure_ascii=False)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"
