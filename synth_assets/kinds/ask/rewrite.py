"""`rewrite`: the teacher says the assistant's part of each dialog anew; all else stays as it was."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from pydantic import Field

from synth_assets.core.canonical import Json
from synth_assets.core.contract import Column, Contract, Values
from synth_assets.core.dialog import Dialog, Message, alternation_fault, read_dialog, rewrite_fault, without_system
from synth_assets.core.parse import Unreadable, read_object
from synth_assets.core.prompt import Template, check_template
from synth_assets.core.rehearsal import Dice, first_of_role
from synth_assets.core.request import Reply, Request, Schema
from synth_assets.core.stage import Answer, Ask, Reject, Row, StageError, declare_contract, find_column
from synth_assets.core.template_match import match_template
from synth_assets.kinds.support.asking.prompts import fill_template, prompt_file

_MESSAGE: Json = {
    "type": "object",
    "properties": {"role": {"type": "string", "enum": ["user", "assistant"]}, "content": {"type": "string"}},
    "required": ["role", "content"],
    "additionalProperties": False,
}
_DIALOG = Schema(
    "dialog",
    {
        "type": "object",
        "properties": {"messages": {"type": "array", "items": _MESSAGE}},
        "required": ["messages"],
        "additionalProperties": False,
    },
)


class Rewrite(Ask[Dialog]):
    """Rewrites what the assistant says, turn by turn, as the instruction wants it."""

    kind: Literal["rewrite"] = "rewrite"
    column: str = Field("messages", description="the column that holds the dialog")
    instruction: Template = Field(description="how to rewrite; a template that may read the other columns")

    def contract(self, inputs: Mapping[str, Contract]) -> Contract:
        read = inputs[self.from_]
        found = find_column("column", self.column, self.from_, read)
        if found.type != "dialog":
            raise StageError("column", f'"{self.column}" of "{self.from_}" is {found.type}, not dialog')
        check_template("instruction", self.instruction, read)
        rewritten = Column(self.column, "dialog", "the dialog with the assistant's part rewritten")
        return declare_contract(read.with_columns([rewritten]).columns, self.checks, self.description)

    def requests(self, row: Row) -> list[Request]:
        dialog = self._original(row)
        system = prompt_file(__package__, "rewrite.jinja").render(
            {"instruction": fill_template(self.instruction, row.values)}
        )
        shown = json.dumps({"messages": [message.to_json() for message in dialog]}, ensure_ascii=False)
        return [Request((Message("system", system), Message("user", shown)), schema=_DIALOG)]

    def read(self, row: Row, reply: Reply) -> Dialog:
        answer = read_object(reply.text, cut_off=reply.finish_reason == "length")
        if "messages" not in answer:
            raise Unreadable('the answer has no "messages"')
        try:
            rewritten = read_dialog(answer["messages"])
        except ValueError as error:
            raise Unreadable(str(error)) from error
        original = self._original(row)
        if fault := rewrite_fault(original, rewritten):
            raise Unreadable(fault)
        # The user's words are the original's: the comparison lets white space pass.
        spoken = zip(original, rewritten, strict=True)
        return tuple(after if after.role == "assistant" else before for before, after in spoken)

    def rows(self, row: Row, answers: Sequence[Answer[Dialog]]) -> Iterable[Values]:
        (answer,) = answers
        yield {**row.values, self.column: [message.to_json() for message in answer.value]}

    @classmethod
    def rehearse(cls, request: Request, dice: Dice) -> str | None:
        """Answer with the dialog, the assistant's words in the voice of a cheerful robot."""
        if match_template(prompt_file(__package__, "rewrite.jinja"), first_of_role(request, "system")) is None:
            return None
        try:
            dialog = read_dialog(json.loads(first_of_role(request, "user"))["messages"])
        except (ValueError, KeyError, TypeError):
            return None
        turns: list[Json] = []
        asked = ""
        for index, message in enumerate(dialog):
            spoken = message
            if message.role == "assistant":
                spoken = Message("assistant", _in_robot_voice(message.content, asked, dice.own + index))
            else:
                asked = message.content
            turns.append(spoken.to_json())
        return json.dumps({"messages": turns}, ensure_ascii=False)

    def _original(self, row: Row) -> Dialog:
        dialog = without_system(read_dialog(row.values[self.column]))
        if fault := alternation_fault(dialog):
            raise Reject("not fit to rewrite", fault)
        if all(message.role != "assistant" for message in dialog):
            raise Reject("not fit to rewrite", "the assistant says nothing")
        return dialog


_MOODS: tuple[tuple[re.Pattern[str], tuple[str, ...]], ...] = (
    (
        re.compile(r"\b(ghost|vampire|horror|haunt|zombie|monster|scary|creepy)\w*", re.IGNORECASE),
        (
            "Eek! My antennae are trembling, but I will be brave for you!",
            "Oh no, spooky things! I am hiding behind my charging station while I answer.",
        ),
    ),
    (
        re.compile(r"\b(math|equation|number|physic|chemi|biolog|scien|planet|atom|algorithm|code)\w*", re.IGNORECASE),
        (
            "Beep boop, science! This makes all my circuits sparkle!",
            "Wheee, my favourite subject! My processor is doing somersaults!",
        ),
    ),
    (
        re.compile(r"\b(art|paint|draw|sketch|sculpt|poem|music)(s|ing|ings|er|ist)?\b", re.IGNORECASE),
        (
            "Art is so beautiful! I only ever manage wobbly circles, sniff, but I can help you!",
            "Oh, I love art! My own drawings look like spilled oil, which is a little sad.",
        ),
    ),
)
_OPENINGS = (
    "Yay, a question! My lights are blinking with joy!",
    "Beep beep! Hello, friend, I am so happy you asked!",
    "Whirr, whirr, hooray! Let us look at this together!",
    "Bzzt! My gears are dancing, this is going to be fun!",
    "Oh boy, oh boy! I have been waiting for exactly this!",
)
_CLOSINGS = (
    "Isn't that wonderful?",
    "High five with my little metal hand!",
    "Ask me anything else, I never run out of battery for you!",
    "Beep boop, happy to help!",
    "",
)


def _in_robot_voice(text: str, asked: str, dice: int) -> str:
    """Put a reply between a greeting that fits what was asked and a farewell; the reply itself stays as it is."""
    opening = _OPENINGS[dice % len(_OPENINGS)]
    for pattern, openings in _MOODS:
        if pattern.search(asked[:500]) or pattern.search(text[:500]):
            opening = openings[dice % len(openings)]
            break
    closing = _CLOSINGS[dice // 8 % len(_CLOSINGS)]
    return "\n\n".join(part for part in (opening, text.strip(), closing) if part)
