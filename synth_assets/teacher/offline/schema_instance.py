"""What the offline teacher makes up: a rewritten dialog, an instance of a JSON schema, or a short answer."""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from synth_assets.core.canonical import Json
from synth_assets.core.request import Request
from synth_assets.teacher.offline.judging import schooled
from synth_assets.teacher.offline.persona import rewritten

_WORD = re.compile(r"[^\W\d_]{6,20}")
_FLIP_OF_TEN = 3


@dataclass(frozen=True, slots=True)
class Dice:
    """Choices that depend on what is asked (`common`) and on which draw it is (`own`)."""

    common: int
    own: int

    @classmethod
    def of(cls, request: Request) -> "Dice":
        """The dice of a request."""
        text = "\n".join(f"{message.role}:{message.content}" for message in request.messages)
        common = _number(text)
        return cls(common, common if not request.draw else _number(f"{common}/{request.draw}"))

    def at(self, place: str) -> "Dice":
        """The dice for one place in an answer."""
        return Dice(_number(f"{self.common}/{place}"), _number(f"{self.own}/{place}"))

    def pick(self, choices: Sequence[Json]) -> Json:
        """Mostly the same for all draws of a question, now and then another one."""
        number = self.own // 10 if self.own % 10 < _FLIP_OF_TEN else self.common
        return choices[number % len(choices)]


def answer_to(request: Request, dice: Dice) -> tuple[str, tuple[Mapping[str, Json], ...]]:
    """The text of an answer, and the tools it calls."""
    if request.tools:
        return "", (_tool_call(request, dice),)
    if (said := schooled(request, dice.common, dice.own)) is not None:
        return said, ()
    topic = _topic(request)
    if request.schema is None:
        return _sentence(topic, dice), ()
    dialog = _dialog_in(request)
    if dialog is not None and _wants_dialog(request):
        return json.dumps({"messages": rewritten(dialog, dice.own)}, ensure_ascii=False), ()
    fields = request.schema.fields
    if fields is None:
        return json.dumps({"answer": _sentence(topic, dice)}, ensure_ascii=False), ()
    return json.dumps(_Instance(fields, topic).of(fields, dice, "answer"), ensure_ascii=False), ()


@dataclass(frozen=True, slots=True)
class _Instance:
    """Makes an instance of a JSON schema."""

    root: Mapping[str, Json]
    topic: Sequence[str]

    def of(self, schema: Json, dice: Dice, name: str) -> Json:
        """A value that the schema allows, and that has to do with the topic."""
        schema = self._resolved(schema)
        if "const" in schema:
            return schema["const"]
        choices = schema.get("enum")
        if isinstance(choices, Sequence) and choices:
            return dice.pick(list(choices))
        kind = schema.get("type")
        if isinstance(kind, Sequence) and not isinstance(kind, str):
            kind = next((one for one in kind if one != "null"), "null")
        if kind == "object" or "properties" in schema:
            return self._object(schema, dice)
        if kind == "array":
            return self._array(schema, dice, name)
        if kind in ("integer", "number"):
            return _number_in(schema, dice, whole=kind == "integer")
        if kind == "boolean":
            return dice.pick([True, False])
        if kind == "null":
            return None
        return _fitted(_phrase(name, self.topic, dice), schema)

    def _object(self, schema: Mapping[str, Json], dice: Dice) -> Json:
        properties = schema.get("properties")
        if not isinstance(properties, Mapping):
            return {}
        return {name: self.of(inner, dice.at(name), name) for name, inner in properties.items()}

    def _array(self, schema: Mapping[str, Json], dice: Dice, name: str) -> Json:
        fewest = _whole(schema.get("minItems"), 2)
        most = max(fewest, _whole(schema.get("maxItems"), fewest))
        count = fewest + dice.own % (most - fewest + 1) if most - fewest <= 3 else fewest
        values = [self.of(schema.get("items", {}), dice.at(str(place)), name) for place in range(count)]
        return values if not schema.get("uniqueItems") else list({repr(value): value for value in values}.values())

    def _resolved(self, schema: Json) -> Mapping[str, Json]:
        if not isinstance(schema, Mapping):
            return {}
        reference = schema.get("$ref")
        if isinstance(reference, str):
            found: Json = self.root
            for step in reference.removeprefix("#/").split("/"):
                found = found[step] if isinstance(found, Mapping) else {}
            return self._resolved(found)
        for union in ("anyOf", "oneOf", "allOf"):
            options = schema.get(union)
            if isinstance(options, Sequence) and options:
                return self._resolved(options[0])
        return schema


def _wants_dialog(request: Request) -> bool:
    schema = request.schema
    return schema is not None and (schema.name == "dialog" or schema.fields is None)


def _dialog_in(request: Request) -> list[Mapping[str, Json]] | None:
    """The dialog in the last message of a user that holds one; what follows it are repairs."""
    for message in reversed(request.messages):
        if message.role != "user" or '"messages"' not in message.content:
            continue
        try:
            messages = json.loads(message.content)["messages"]
        except (ValueError, KeyError, TypeError):
            continue
        if isinstance(messages, list) and all(isinstance(turn, dict) for turn in messages):
            return messages
    return None


def _topic(request: Request) -> list[str]:
    """The words of what is asked about, the most telling ones first."""
    said = next((m.content for m in reversed(request.messages) if m.role == "user"), "")[:4000]
    words = dict.fromkeys(word.lower() for word in _WORD.findall(said))
    return sorted(list(words)[:40], key=lambda word: -len(word))[:8] or ["this"]


def _sentence(topic: Sequence[str], dice: Dice) -> str:
    one, other = topic[dice.own % len(topic)], topic[dice.own // 8 % len(topic)]
    shapes = (
        f"It comes down to {one}: look at {other} first, then at the rest.",
        f"In short, {one} matters most here, and {other} follows from it.",
        f"Start with {one}. Once that is clear, {other} is easy to explain.",
        f"There are two sides to it, {one} and {other}, and both count.",
    )
    return shapes[dice.own // 64 % len(shapes)]


def _phrase(name: str, topic: Sequence[str], dice: Dice) -> str:
    word = topic[dice.own % len(topic)]
    low = name.lower()
    if "question" in low:
        return (f"What is the role of {word} here?", f"Why does {word} matter?", f"How does {word} work?")[
            dice.own // 8 % 3
        ]
    if low in ("title", "name", "topic", "label", "category", "keyword", "tag", "subject"):
        return word.capitalize()
    if low == "language":
        return "en"
    return _sentence(topic, dice)


def _fitted(text: str, schema: Mapping[str, Json]) -> str:
    most = _whole(schema.get("maxLength"), len(text))
    return text[:most].ljust(_whole(schema.get("minLength"), 0), ".")


def _number_in(schema: Mapping[str, Json], dice: Dice, *, whole: bool) -> Json:
    low = _real(schema.get("minimum"), _real(schema.get("exclusiveMinimum"), 0.0) + ("exclusiveMinimum" in schema))
    high = _real(schema.get("maximum"), max(low, 10.0))
    number = dice.own // 10 if dice.own % 10 < _FLIP_OF_TEN else dice.common
    share = (number % 1000) / 999
    value = low + share * (high - low)
    return min(int(high), round(value)) if whole else round(value, 3)


def _tool_call(request: Request, dice: Dice) -> Mapping[str, Json]:
    tools = [tool["function"] for tool in request.tools if isinstance(tool.get("function"), Mapping)]
    tool = dice.pick(tools)
    assert isinstance(tool, Mapping)
    fields = tool.get("parameters", {})
    root = fields if isinstance(fields, Mapping) else {}
    arguments = _Instance(root, _topic(request)).of(root or {"type": "object"}, dice, "arguments")
    called: Json = {"name": tool["name"], "arguments": json.dumps(arguments, ensure_ascii=False)}
    return {"id": f"{dice.own:x}"[:9].rjust(9, "0"), "type": "function", "function": called}


def _whole(value: Json, default: int) -> int:
    return value if isinstance(value, int) else default


def _real(value: Json, default: float) -> float:
    return float(value) if isinstance(value, int | float) else default


def _number(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big")
