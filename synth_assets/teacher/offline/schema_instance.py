"""Makes up an answer to any request: a tool call, an instance of a JSON schema, or a sentence."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from synth_assets.core.canonical import Json
from synth_assets.core.rehearsal import Dice, telling_words
from synth_assets.core.request import Request


def answer_to(request: Request, dice: Dice) -> tuple[str, tuple[Mapping[str, Json], ...]]:
    """Return the text of an answer, and the tools it calls."""
    if request.tools:
        return "", (_tool_call(request, dice),)
    topic = _topic(request)
    if request.schema is None:
        return _sentence(topic, dice), ()
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
        """Return a value that the schema allows and that is about the topic."""
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
        fewest = _integer_or(schema.get("minItems"), 2)
        most = max(fewest, _integer_or(schema.get("maxItems"), fewest))
        count = fewest + dice.own % (most - fewest + 1) if most - fewest <= 3 else fewest
        values = [self.of(schema.get("items", {}), dice.at(str(index)), name) for index in range(count)]
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


def _topic(request: Request) -> Sequence[str]:
    """Return the words of what is asked about, the most telling ones first."""
    asked = next((m.content for m in reversed(request.messages) if m.role == "user"), "")
    return telling_words(asked, shortest=6, seen=40, kept=8)


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
    most = _integer_or(schema.get("maxLength"), len(text))
    return text[:most].ljust(_integer_or(schema.get("minLength"), 0), ".")


def _number_in(schema: Mapping[str, Json], dice: Dice, *, whole: bool) -> Json:
    low = _number_or(
        schema.get("minimum"), _number_or(schema.get("exclusiveMinimum"), 0.0) + ("exclusiveMinimum" in schema)
    )
    high = _number_or(schema.get("maximum"), max(low, 10.0))
    number = dice.own // 10 if dice.flips else dice.common
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


def _integer_or(value: Json, default: int) -> int:
    return value if isinstance(value, int) else default


def _number_or(value: Json, default: float) -> float:
    return float(value) if isinstance(value, int | float) else default
