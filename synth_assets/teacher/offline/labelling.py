"""What the offline teacher says of a text to label: the label whose examples and meaning share most words with it."""

import json
import re
from collections import Counter

from synth_assets.core.canonical import Json
from synth_assets.core.request import Request
from synth_assets.teacher.offline.schema_instance import Dice

_LABEL = re.compile(r"^- ([^:\n]+)(?:: (.*))?$", re.MULTILINE)
_EXAMPLE = re.compile(r"^Example: (.*)\nAnswer: (.*)$", re.MULTILINE)
_WORD = re.compile(r"[^\W\d_]{3,}")
_WAVERS_OF_20 = 3


def annotation(request: Request, dice: Dice) -> str | None:
    """An answer in the form that the prompt of `annotate` asks for; None if this is no such prompt."""
    system = request.messages[0].content if request.messages else ""
    rules, found, rest = system.partition("\nThe labels:\n")
    listed = rest.partition("\n\n")[0]
    text = next((message.content for message in request.messages[1:] if message.role == "user"), None)
    meanings = {name.strip(): meaning for name, meaning in _LABEL.findall(listed)}
    if not found or not meanings or text is None or not rules.strip():
        return None
    scores = _scores(text, meanings, _EXAMPLE.findall(rest))
    label, labels = _label(scores, dice), _labels(scores, dice)
    if request.schema is None:
        return label
    wanted = (request.schema.fields or {}).get("properties")
    keys = list(wanted) if isinstance(wanted, dict) else ["reason", "label", "labels"]
    told = label if "label" in keys else " and ".join(labels) or "none of them"
    said: dict[str, Json] = {"reason": _reason(text, told), "label": label, "labels": [*labels]}
    return json.dumps({name: said[name] for name in keys if name in said})


def _scores(text: str, meanings: dict[str, str], examples: list[tuple[str, str]]) -> dict[str, float]:
    """How many words the text shares with what is told of each label."""
    told = {name: _words(f"{name} {meaning}") for name, meaning in meanings.items()}
    for shown, answer in examples:
        for name in meanings:
            if json.dumps(name) in answer or answer.strip() == name:
                told[name] |= _words(f"{shown} {answer}")
    # A word that belongs to every label tells nothing.
    shares = Counter(word for words in told.values() for word in words)
    return {name: sum(1 / shares[word] - 1 / len(told) for word in _words(text) & told[name]) for name in told}


def _label(scores: dict[str, float], dice: Dice) -> str:
    """The best fitting label; now and then, and then in some draws only, another one."""
    ranked = sorted(scores, key=lambda name: (-scores[name], (dice.common + len(name)) % 7, name))
    return ranked[1 if _wavers(dice) and len(ranked) > 1 else 0]


def _labels(scores: dict[str, float], dice: Dice) -> list[str]:
    """All labels that fit at all; now and then, and then in some draws only, one of them more or less."""
    toggled = sorted(scores)[dice.common % len(scores)] if _wavers(dice) else None
    return [name for name in scores if (scores[name] > 0) != (name == toggled)]


def _wavers(dice: Dice) -> bool:
    return dice.common % 20 < _WAVERS_OF_20 and dice.own % 3 == 0


def _words(text: str) -> set[str]:
    return {word.lower() for word in _WORD.findall(text)}


def _reason(text: str, label: str) -> str:
    longest = sorted(_words(text), key=lambda word: (-len(word), word))[:2]
    return f"What the text says of {' and '.join(longest) or 'it'} makes it {label}."
