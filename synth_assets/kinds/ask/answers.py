"""`answers`: the teacher answers the question of each row, from a text if there is one, once or several times."""

from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar, Literal

from pydantic import Field, model_validator

from synth_assets.core.canonical import Json
from synth_assets.core.contract import Column, Contract, Values
from synth_assets.core.prompt import Template, check_template
from synth_assets.core.request import Reply, Request
from synth_assets.core.stage import Answer, Ask, DrawOutcome, Reject, Row, StageError, declare_contract
from synth_assets.kinds.support.asking.prompts import build_messages, check_type, fill_template, plain_text, prompt_file


class Answers(Ask[str]):
    """Answers the question of each row; question and answer also make a dialog to train on."""

    kind: Literal["answers"] = "answers"
    needs_all_answers: ClassVar[bool] = False

    question: str = Field("question", description="the column with the question")
    context: str | None = Field(
        None, description="the column with the text to answer from; a row without one needs none"
    )
    persona: Template = Field("", description="who answers, and how; a template that reads the columns")
    candidates: int = Field(1, ge=1, le=50, description="answers to each question; more than one are numbered")
    together: bool = Field(False, description="the candidates in one row, as a list to `compare`, not a row for each")

    @model_validator(mode="after")
    def _has_some_to_put_together(self) -> "Answers":
        if self.together and self.candidates == 1:
            raise ValueError("together needs candidates: 2 or more")
        return self

    def contract(self, inputs: Mapping[str, Contract]) -> Contract:
        read = inputs[self.from_]
        check_type("question", self.question, self.from_, read, ("text",))
        if self.context is not None:
            check_type("context", self.context, self.from_, read, ("text",))
        check_template("persona", self.persona, read)
        for column in self._made():
            if column.name in read:
                raise StageError("from", f'"{self.from_}" has a column "{column.name}" already')
        return declare_contract(read.with_columns(self._made()).columns, self.checks, self.description)

    def max_rows_per_input(self) -> int:
        return 1 if self.together else self.candidates

    def requests(self, row: Row) -> list[Request]:
        asked = self._asked(row)
        context = self._context(row)
        persona = fill_template(self.persona, row.values)
        rules = prompt_file(__package__, "answers.jinja").render({"persona": persona, "context": context})
        return [Request(build_messages(rules, asked), draw=draw) for draw in range(self.candidates)]

    def read(self, row: Row, reply: Reply) -> str:
        return plain_text(reply)

    def rows(self, row: Row, answers: Sequence[Answer[str]]) -> Iterable[Values | DrawOutcome[str]]:
        if self.together:
            different = dict.fromkeys(answer.value for answer in answers)
            if len(different) < 2:
                raise Reject("all candidates are the same", next(iter(different)))
            yield {**row.values, "answers": list(different)}
            return
        for answer in answers:
            dialog: Json = [
                {"role": "user", "content": self._asked(row)},
                {"role": "assistant", "content": answer.value},
            ]
            number = {"candidate": answer.request.draw + 1} if self.candidates > 1 else {}
            yield DrawOutcome(answer, {**row.values, "answer": answer.value, "messages": dialog, **number})

    def _made(self) -> list[Column]:
        if self.together:
            return [
                Column("answers", "texts", "the candidates, each different", min_length=2, max_length=self.candidates)
            ]
        made = [
            Column("answer", "text", "the answer"),
            Column("messages", "dialog", "the question, after the text it is about, and the answer"),
        ]
        if self.candidates > 1:
            made.append(Column("candidate", "integer", "which of the answers to the question this is", minimum=1))
        return made

    def _context(self, row: Row) -> str:
        return str(row.values[self.context] or "").strip() if self.context else ""

    def _asked(self, row: Row) -> str:
        question = str(row.values[self.question] or "").strip()
        if not question:
            raise Reject("there is no question")
        return "\n\n".join(part for part in (self._context(row), question) if part)
