"""`annotate`: the teacher gives each text a label, once or in several draws, with a reason or without."""

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from synth_assets.core.canonical import Json
from synth_assets.core.contract import Column, Contract, Values
from synth_assets.core.dialog import Message
from synth_assets.core.parse import Unreadable, strip_code_fence
from synth_assets.core.prompt import Template, check_template
from synth_assets.core.rehearsal import Dice, first_of_role
from synth_assets.core.request import Reply, Request, Schema
from synth_assets.core.stage import Answer, Ask, DrawOutcome, Reject, Row, StageError, declare_contract, find_column
from synth_assets.core.template_match import match_template
from synth_assets.kinds.support.asking.prompts import fill_template, prompt_file
from synth_assets.kinds.support.labels.label_names import answer_object, as_labels, label_of, labels_of


class _Example(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    text: str = Field(min_length=1)
    label: str | tuple[str, ...]
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Annotation:
    """What one draw says: a label, or all that apply, and why."""

    label: str | Sequence[str]
    reason: str | None = None


class Annotate(Ask[Annotation]):
    """Labels texts. A draw that names no label is no vote: it is asked again, and then a reject."""

    kind: Literal["annotate"] = "annotate"
    needs_all_answers = False

    column: str = Field("text", description="the column that holds the text")
    instruction: Template = Field(description="what to judge; a template that may read the other columns")
    labels: Annotated[Mapping[str, str], BeforeValidator(as_labels)] = Field(
        min_length=2, description="names of the labels, and what each means"
    )
    multiple: bool = Field(False, description="any number of labels for a text, in the column `labels`")
    examples: tuple[_Example, ...] = Field((), description="texts with their labels, to show what is meant")
    style: Literal["direct", "reasoned"] = Field("direct", description="the label alone, or a reason before it")
    draws: int = Field(1, ge=1, le=100, description="times each text is labelled; they differ by temperature")
    annotator: str | None = Field(None, description="the name it votes under; else the model's")

    @model_validator(mode="after")
    def _examples_fit(self) -> "Annotate":
        for number, example in enumerate(self.examples, start=1):
            named = [example.label] if isinstance(example.label, str) else list(example.label)
            if isinstance(example.label, str) == self.multiple:
                raise ValueError(f"example {number}: label is {'a list' if self.multiple else 'one name'}")
            if unknown := [name for name in named if name not in self.labels]:
                raise ValueError(f'example {number}: "{unknown[0]}" is none of: {", ".join(self.labels)}')
            if self.style == "reasoned" and not example.reason:
                raise ValueError(f"example {number} needs a reason, as the style is reasoned")
        return self

    def contract(self, inputs: Mapping[str, Contract]) -> Contract:
        read = inputs[self.from_]
        found = find_column("column", self.column, self.from_, read)
        if found.type != "text":
            raise StageError("column", f'"{self.column}" of "{self.from_}" is {found.type}, not text')
        check_template("instruction", self.instruction, read)
        own = self._columns()
        for column in own:
            if column.name in read:
                raise StageError("from", f'"{self.from_}" has a column "{column.name}", which this stage makes')
        return declare_contract(read.with_columns(own).columns, self.checks, self.description)

    def _columns(self) -> list[Column]:
        names = tuple(self.labels)
        label_column = (
            Column("labels", "texts", "those that apply, in the annotator's eyes", accepted=names)
            if self.multiple
            else Column("label", "text", "what the annotator says", accepted=names)
        )
        return [
            label_column,
            Column("reason", "text", "why, in the annotator's words", nullable=True),
            Column("draw", "integer", "which of the draws it is, from 0", minimum=0),
            Column("annotator", "text", "who says it"),
        ]

    def max_rows_per_input(self) -> int:
        return self.draws

    def requests(self, row: Row) -> list[Request]:
        text = row.values[self.column]
        if not isinstance(text, str) or not text.strip():
            raise Reject("there is no text to label")
        system = prompt_file(__package__, "annotate.jinja").render(
            {
                "instruction": fill_template(self.instruction, row.values),
                "labels": self.labels,
                "answer_shape": ("reason and " if self.style == "reasoned" else "") + self._key,
                "examples": [{"text": each.text, "answer": self._example_answer(each)} for each in self.examples],
            }
        )
        messages = (Message("system", system), Message("user", text))
        return [Request(messages, self._schema(), draw=draw) for draw in range(self.draws)]

    @property
    def _key(self) -> str:
        return "labels" if self.multiple else "label"

    def _example_answer(self, example: _Example) -> str:
        """Return the answer to an example, exactly as one is wanted."""
        if self._schema() is None:
            return str(example.label)
        label: Json = list(example.label) if self.multiple else example.label
        reason = {"reason": example.reason} if self.style == "reasoned" else {}
        return json.dumps({**reason, self._key: label}, ensure_ascii=False)

    def _schema(self) -> Schema | None:
        """Return the schema of an answer: one word needs none, all else is an object."""
        if self.style == "direct" and not self.multiple:
            return None
        one: Json = {"type": "string", "enum": list(self.labels)}
        fields: dict[str, Json] = {"reason": {"type": "string"}} if self.style == "reasoned" else {}
        fields[self._key] = {"type": "array", "items": one, "uniqueItems": True} if self.multiple else one
        keys: dict[str, Json] = {"type": "object", "properties": fields, "required": list(fields)}
        return Schema("annotation", {**keys, "additionalProperties": False})

    def read(self, row: Row, reply: Reply) -> Annotation:
        names = tuple(self.labels)
        word = strip_code_fence(reply.text).strip()
        if self._schema() is None and not word.startswith("{"):
            return Annotation(label_of(word, names))
        answer = answer_object(reply.text)
        if self._key not in answer:
            raise Unreadable(f'the answer has no "{self._key}"')
        chosen = answer[self._key]
        label = labels_of(chosen, names) if self.multiple else label_of(chosen, names)
        reason = answer.get("reason")
        if self.style == "reasoned" and not (isinstance(reason, str) and reason.strip()):
            raise Unreadable('the answer has no "reason"')
        return Annotation(label, reason if isinstance(reason, str) else None)

    def rows(self, row: Row, answers: Sequence[Answer[Annotation]]) -> Iterable[DrawOutcome[Annotation]]:
        for answer in answers:
            values: Values = {
                **row.values,
                self._key: answer.value.label,
                "reason": answer.value.reason,
                "draw": answer.request.draw,
                "annotator": self.annotator or answer.reply.model,
            }
            yield DrawOutcome(answer, values)

    @classmethod
    def rehearse(cls, request: Request, dice: Dice) -> str | None:
        """Answer with the label that shares most words with the text; now and then with another one."""
        found = match_template(prompt_file(__package__, "annotate.jinja"), first_of_role(request, "system"))
        if found is None:
            return None
        text = first_of_role(request, "user")
        scores = _scores(text, found.items["labels"], found.items["examples"])
        label, labels = _best_label(scores, dice), _fitting_labels(scores, dice)
        shape = found.values.get("answer_shape", "reason and labels")
        if shape == "label":
            return label
        is_one = shape == "reason and label"
        reason = _reason(text, label if is_one else " and ".join(labels) or "none of them")
        answer: dict[str, Json] = {} if shape == "labels" else {"reason": reason}
        return json.dumps({**answer, **({"label": label} if is_one else {"labels": [*labels]})})


_WORD = re.compile(r"[^\W\d_]{3,}")
_WAVERS_OF_20 = 3


def _scores(
    text: str, labels: Sequence[Mapping[str, str]], examples: Sequence[Mapping[str, str]]
) -> Mapping[str, float]:
    """Count the words that the text shares with what the prompt says of each label."""
    words_of = {each["name"]: _words(f"{each['name']} {each.get('description', '')}") for each in labels}
    for example in examples:
        shown, answer = example["example.text"], example["example.answer"]
        for name in words_of:
            if json.dumps(name) in answer or answer.strip() == name:
                words_of[name] |= _words(f"{shown} {answer}")
    # A word that belongs to every label says nothing of one.
    shares = Counter(word for words in words_of.values() for word in words)
    own = _words(text)
    return {
        name: sum(1 / shares[word] - 1 / len(words_of) for word in sorted(own & words))
        for name, words in words_of.items()
    }


def _best_label(scores: Mapping[str, float], dice: Dice) -> str:
    """Return the best fitting label; now and then, and then in some draws only, the second best."""
    ranked = sorted(scores, key=lambda name: (-scores[name], (dice.common + len(name)) % 7, name))
    return ranked[1 if _wavers(dice) and len(ranked) > 1 else 0]


def _fitting_labels(scores: Mapping[str, float], dice: Dice) -> list[str]:
    """Return all labels that fit at all; now and then, and then in some draws only, one of them more or less."""
    toggled = sorted(scores)[dice.common % len(scores)] if _wavers(dice) else None
    return [name for name in scores if (scores[name] > 0) != (name == toggled)]


def _wavers(dice: Dice) -> bool:
    return dice.common % 20 < _WAVERS_OF_20 and dice.own % 3 == 0


def _words(text: str) -> set[str]:
    return {word.lower() for word in _WORD.findall(text)}


def _reason(text: str, label: str) -> str:
    longest = sorted(_words(text), key=lambda word: (-len(word), word))[:2]
    return f"What the text says of {' and '.join(longest) or 'it'} makes it {label}."
