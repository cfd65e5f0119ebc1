"""`generate`: whatever a template asks for, as text or as the object that a JSON Schema describes."""

from collections.abc import Iterable, Mapping, Sequence
from math import ceil
from typing import ClassVar, Literal

from pydantic import Field, model_validator

from synth_assets.core.contract import Column, Contract, Values
from synth_assets.core.parse import read_object
from synth_assets.core.prompt import Template, check_template
from synth_assets.core.request import Reply, Request, Schema
from synth_assets.core.stage import Answer, Ask, DrawOutcome, Row, StageError, declare_contract
from synth_assets.kinds.support.asking.json_answer import ObjectSchema, columns_of, read_conforming
from synth_assets.kinds.support.asking.prompts import (
    build_messages,
    check_type,
    fill_template,
    history_of,
    plain_text,
    prompt_file,
)

MOST = 10_000


class Generate(Ask[Values]):
    """Asks what the prompt says of each row, and adds the answer to it: a row for each draw."""

    kind: Literal["generate"] = "generate"
    needs_all_answers: ClassVar[bool] = False

    prompt: Template = Field("", description="what is asked; a template that may read the columns")
    system: Template = Field("", description="who the teacher is and what it heeds; a template, too")
    history: str | None = Field(None, description="a column with a dialog that went before")
    schema_: ObjectSchema | None = Field(
        None, alias="schema", description="the JSON Schema of the object to answer with; its properties become columns"
    )
    into: str = Field("text", min_length=1, description="the column for an answer in words")
    draws: int = Field(
        1, ge=1, le=MOST, description="answers to the same question; more than one are numbered in `draw`"
    )

    @model_validator(mode="after")
    def _asks_something(self) -> "Generate":
        if not self.prompt.strip() and self.history is None:
            raise ValueError("needs a prompt, a history, or both")
        if self.schema_ is not None and "into" in self.model_fields_set:
            raise ValueError("into is for answers in words; with a schema, each property is a column")
        return self

    def scaled(self, times: float) -> "Generate | None":
        """Return the stage with more draws; where there is one, a second would add a column to the table."""
        if self.draws == 1:
            return None
        return self.model_copy(update={"draws": min(ceil(self.draws * times), MOST)})

    def contract(self, inputs: Mapping[str, Contract]) -> Contract:
        read = inputs[self.from_]
        check_template("prompt", self.prompt, read)
        check_template("system", self.system, read)
        if self.history is not None:
            check_type("history", self.history, self.from_, read, ("dialog",))
        made = [Column(self.into, "text", "the answer")] if self.schema_ is None else columns_of(self.schema_)
        if self.draws > 1:
            made.append(Column("draw", "integer", "which of the answers to the same question this is", minimum=1))
        twice = sorted({column.name for column in made} & set(read.names()) - {"draw"})
        if twice:
            key = "into" if self.schema_ is None else "schema"
            raise StageError(key, f'"{self.from_}" has a column "{twice[0]}" already')
        return declare_contract(read.with_columns(made).columns, self.checks, self.description)

    def max_rows_per_input(self) -> int:
        return self.draws

    def requests(self, row: Row) -> list[Request]:
        system = prompt_file(__package__, "generate.jinja").render(
            {"system": fill_template(self.system, row.values), "schema": self.schema_}
        )
        messages = build_messages(system.strip(), fill_template(self.prompt, row.values), history_of(row, self.history))
        schema = Schema("answer", self.schema_) if self.schema_ is not None else None
        return [Request(messages, schema, draw=draw) for draw in range(self.draws)]

    def read(self, row: Row, reply: Reply) -> Values:
        if self.schema_ is None:
            return {self.into: plain_text(reply)}
        return read_conforming(read_object(reply.text), self.schema_)

    def rows(self, row: Row, answers: Sequence[Answer[Values]]) -> Iterable[DrawOutcome[Values]]:
        for answer in answers:
            number = {"draw": answer.request.draw + 1} if self.draws > 1 else {}
            yield DrawOutcome(answer, {**row.values, **answer.value, **number})
