"""`questions`: the teacher writes new questions for a task, in the style of examples that differ from call to call."""

from collections.abc import Iterable, Mapping, Sequence
from math import ceil
from typing import ClassVar, Literal, TypeAlias

from pydantic import Field

from synth_assets.core.canonical import content_hash
from synth_assets.core.contract import Column, Contract
from synth_assets.core.prompt import Template, check_template
from synth_assets.core.rehearsal import Dice, first_of_role, number_of, telling_words
from synth_assets.core.request import Reply, Request
from synth_assets.core.stage import Answer, Ask, DrawOutcome, Rejection, Row, StageError, declare_contract
from synth_assets.core.template_match import match_template
from synth_assets.kinds.support.asking.numbered_list import read_numbered
from synth_assets.kinds.support.asking.prompts import build_messages, check_type, fill_template, prompt_file, texts_in

MOST = 10_000
_Items: TypeAlias = list[str | Rejection]


class Questions(Ask[_Items]):
    """Writes `count` questions for each row, some in each call; every question becomes a row."""

    kind: Literal["questions"] = "questions"
    needs_all_answers: ClassVar[bool] = False

    task: Template = Field(min_length=1, description="what the questions are about; a template that reads the columns")
    examples: str | None = Field(None, description="the column with example questions: a text or a list of them")
    context: str | None = Field(None, description="the column with the text they must be answerable from, if any")
    count: int = Field(30, ge=1, le=MOST, description="questions for each row")
    per_call: int = Field(5, ge=1, le=50, description="questions in one answer")
    shown: int = Field(3, ge=1, le=50, description="examples in one call, drawn anew for each")
    into: str = Field("question", min_length=1, description="the column for the question; the examples' column goes")

    def scaled(self, times: float) -> "Questions":
        calls = ceil(self.count * times / self.per_call)
        return self.model_copy(update={"count": min(calls * self.per_call, MOST)})

    def contract(self, inputs: Mapping[str, Contract]) -> Contract:
        read = inputs[self.from_]
        check_template("task", self.task, read)
        if self.examples is not None:
            check_type("examples", self.examples, self.from_, read, ("text", "texts"))
        if self.context is not None:
            check_type("context", self.context, self.from_, read, ("text",))
        kept = [column for column in read.columns if column.name != self.examples]
        if self.into in (column.name for column in kept):
            raise StageError("into", f'"{self.from_}" has a column "{self.into}" already')
        return declare_contract([*kept, Column(self.into, "text", "a new question")], self.checks, self.description)

    def max_rows_per_input(self) -> int:
        return self.count

    def requests(self, row: Row) -> list[Request]:
        task = fill_template(self.task, row.values)
        context = row.values[self.context] if self.context else None
        examples = texts_in(row.values[self.examples]) if self.examples else []
        rules = prompt_file(__package__, "questions.jinja").render(
            {"task": task, "context": context, "examples": examples}
        )
        requests = []
        for call, first in enumerate(range(0, self.count, self.per_call)):
            variables = {
                "examples": _sample(examples, self.shown, call),
                "count": min(self.per_call, self.count - first),
            }
            asked = prompt_file(__package__, "questions.request.jinja").render(variables)
            requests.append(Request(build_messages(rules, asked), draw=call))
        return requests

    def read(self, row: Row, reply: Reply) -> _Items:
        return read_numbered(reply.text, one=self.per_call == 1)

    def rows(self, row: Row, answers: Sequence[Answer[_Items]]) -> Iterable[DrawOutcome[_Items]]:
        kept = {name: value for name, value in row.values.items() if name != self.examples}
        known = set(texts_in(row.values[self.examples])) if self.examples else set()
        for answer in answers:
            wanted = min(self.per_call, self.count - answer.request.draw * self.per_call)
            for index, item in enumerate(answer.value):
                if isinstance(item, Rejection):
                    yield DrawOutcome(answer, item)
                elif index >= wanted:
                    yield DrawOutcome(answer, Rejection("more questions than were asked for", item))
                elif item in known:
                    yield DrawOutcome(answer, Rejection("the same question again", item))
                else:
                    known.add(item)
                    yield DrawOutcome(answer, {**kept, self.into: item})

    @classmethod
    def rehearse(cls, request: Request, dice: Dice) -> str | None:
        """Answer with questions about words of the examples, or of the task where there are none."""
        rules = match_template(prompt_file(__package__, "questions.jinja"), first_of_role(request, "system"))
        found = match_template(prompt_file(__package__, "questions.request.jinja"), first_of_role(request, "user"))
        if rules is None or found is None:
            return None
        examples = " ".join(item["example"] for item in found.items["examples"])
        words = telling_words(examples or rules.values["task"].partition("\n")[0])
        lines = []
        for number in range(1, int(found.values["count"]) + 1):
            choice = number_of(f"{dice.own}/{number}")
            one, other = words[choice % len(words)], words[choice // 97 % len(words)]
            frame, when = _FRAMES[choice // 7 % len(_FRAMES)], _WHEN[choice // 1_009 % len(_WHEN)]
            lines.append(f"### Question {number}: {frame.format(a=one, b=other, when=when)}")
        return "\n\n".join([*lines, "### End"])


def _sample(examples: Sequence[str], size: int, call: int) -> list[str]:
    """Return some of the examples, in an order of their own for each call: the same ones whenever it is made again."""
    order = sorted(range(len(examples)), key=lambda index: content_hash("sample/1", [list(examples), call, index]))
    return [examples[index] for index in order[:size]]


_FRAMES = (
    "How would you go about {a} {when}?",
    "What is the best way to start with {a} {when}?",
    "Write three sentences about {a} and {b} {when}.",
    "Explain to a neighbour why {a} matters {when}.",
    "Which mistakes do people make with {a} {when}, and how are they mended?",
    "My sister asked me about {a}; what should I tell her {when}?",
    "Compare {a} with {b}: which one would you choose {when}?",
    "Give me a short plan for {a} {when}, step by step.",
    "Can {a} go wrong {when}? Name one case and what to do then.",
    "Draft a friendly note that mentions {a} {when}.",
    "Is it true that {a} depends on {b} {when}? Say why or why not.",
    "List what I need to know of {a} {when}, the most important first.",
    "Turn this into something shorter: {a} and {b}, as they are {when}.",
    "Who should I talk to about {a} {when}, and what should I ask?",
    "Suppose there were no {b} {when}. What would become of {a}?",
    "Tell a short story in which {a} turns out well {when}.",
)
_WHEN = (
    "on a rainy Monday morning",
    "when there are only ten minutes left",
    "for a class of curious children",
    "with almost no money to spend",
    "after a long journey by train",
    "in a small village by the sea",
    "when two people disagree about it",
    "for somebody who has just moved here",
    "at the end of a busy week",
    "without using any hard words",
    "during the summer holidays",
    "for an old friend you have not seen in years",
    "when everything else has failed",
    "in front of a large audience",
    "if you had to do it all over again",
    "on the phone, with a bad connection",
    "for the first time in your life",
    "when nobody else is around to help",
    "before breakfast on a cold day",
    "in the middle of a big project",
)
