"""`judge`: the teacher explains and scores what a row holds; what is not good enough is a reject with its verdict."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Literal

from pydantic import Field, model_validator

from synth_assets.core.canonical import Json
from synth_assets.core.contract import Column, Contract, Values
from synth_assets.core.prompt import Template, check_template
from synth_assets.core.rehearsal import Dice, first_of_role, telling_words
from synth_assets.core.request import Reply, Request, Schema
from synth_assets.core.stage import Answer, Ask, Picture, Reject, Row, StageError, TableView, declare_contract
from synth_assets.core.template_match import match_template
from synth_assets.kinds.support.asking.prompts import build_messages, fill_template, prompt_file
from synth_assets.kinds.support.judging.scale import (
    AnyScale,
    Combine,
    below_scale_reason,
    check_keep,
    combine_scores,
    is_kept,
)
from synth_assets.kinds.support.judging.score_picture import draw_scores
from synth_assets.kinds.support.judging.verdict import JudgeVerdict, verdict_in_json, verdict_in_words


class Judge(Ask[JudgeVerdict]):
    """Scores each row by a rubric, explanation first. Several judges are stages one after the other, and a `panel`."""

    kind: Literal["judge"] = "judge"
    work: Template = Field(min_length=1, description="what is judged; a template that reads the columns")
    rubric: Template = Field(min_length=1, description="what each score means; a template, too")
    scale: AnyScale = Field(description="{lowest: 1, highest: 3}, 1..10 or binary")
    form: Literal["json", "text"] = Field("json", description="how the verdict is to be written")
    draws: int = Field(1, ge=1, le=99, description="verdicts on the same row; an odd number lets a majority decide")
    combine: Combine = Field("majority", description="how the scores of several draws become one")
    keep: str | None = Field(None, description='rows with such a score go on, as ">= 3"; others are rejects')
    score: str = Field("score", min_length=1, description="the column for the score")
    explanation: str = Field("explanation", min_length=1, description="the column for the explanation")

    @model_validator(mode="after")
    def _keeps_some(self) -> "Judge":
        if self.keep is not None:
            check_keep(self.keep, self.scale)
        if self.score == self.explanation:
            raise ValueError("score and explanation need columns of their own")
        return self

    def contract(self, inputs: Mapping[str, Contract]) -> Contract:
        read = inputs[self.from_]
        check_template("work", self.work, read)
        check_template("rubric", self.rubric, read)
        for key in ("score", "explanation"):
            if getattr(self, key) in read:
                raise StageError(key, f'"{self.from_}" has a column "{getattr(self, key)}" already; name another')
        is_mean = self.draws > 1 and self.combine == "mean"
        low, high = self.scale.lowest, self.scale.highest
        made = [
            Column(self.score, "number" if is_mean else "integer", "the score", minimum=low, maximum=high),
            Column(self.explanation, "text", "why the score was given"),
        ]
        if self.draws > 1:
            made.append(Column(self._verdicts, "json", "the verdict of each draw"))
        return declare_contract(read.with_columns(made).columns, self.checks, self.description)

    def requests(self, row: Row) -> list[Request]:
        variables = {"rubric": fill_template(self.rubric, row.values), "scale": self.scale, "form": self.form}
        work = fill_template(self.work, row.values)
        if not work:
            raise Reject("nothing to judge", "the template of the work is blank for this row")
        messages = build_messages(prompt_file(__package__, "judge.jinja").render(variables), work)
        schema = self._schema() if self.form == "json" else None
        return [Request(messages, schema, draw=draw) for draw in range(self.draws)]

    def read(self, row: Row, reply: Reply) -> JudgeVerdict:
        read = verdict_in_json if self.form == "json" else verdict_in_words
        return read(reply.text, self.scale)

    def rows(self, row: Row, answers: Sequence[Answer[JudgeVerdict]]) -> Iterable[Values]:
        verdicts = [answer.value for answer in answers]
        score = combine_scores([verdict.score for verdict in verdicts], self.combine)
        # Of several draws, the explanation is that of the first whose score is nearest to what they make together.
        explanation = min(verdicts, key=lambda verdict: abs(verdict.score - score)).explanation
        if self.keep is not None and not is_kept(score, self.keep):
            reason = below_scale_reason(self.score, score, self.keep)
            raise Reject(reason, explanation, {self.score: score})
        values: dict[str, Json] = {**row.values, self.score: score, self.explanation: explanation}
        if self.draws > 1:
            values[self._verdicts] = [verdict.to_json() for verdict in verdicts]
        yield values

    def pictures(self, view: TableView) -> Iterator[Picture]:
        """Draw the scores, with those of the rows that were rejected for them."""
        yield self.score, draw_scores(view, self.score, self.keep)

    @classmethod
    def rehearse(cls, request: Request, dice: Dice) -> str | None:
        """Judge mostly good, now and then fair, seldom bad; bad where there is hardly anything to judge."""
        found = match_template(prompt_file(__package__, "judge.jinja"), first_of_role(request, "system"))
        if found is None:
            return None
        work = first_of_role(request, "user")
        lowest, highest = int(found.values["scale.lowest"]), int(found.values["scale.highest"])
        grade = dice.mood // 10 % 20 if len(work.split()) > 3 else 19
        score = highest if grade < 13 else lowest if grade == 19 else (lowest + highest + 1) // 2
        phrases = _PRAISE if grade < 13 else _BLAME if grade == 19 else _FAIR
        words = telling_words(work)
        explanation = phrases[dice.mood // 100 % len(phrases)].format(word=words[dice.mood // 1_000 % len(words)])
        if found.values.get("form") != "json":
            return f"{explanation}\n\nScore: {score}"
        return json.dumps({"explanation": explanation, "score": score}, ensure_ascii=False)

    @property
    def _verdicts(self) -> str:
        return f"{self.score}_verdicts"

    def _schema(self) -> Schema:
        low, high = self.scale.lowest, self.scale.highest
        properties: Json = {
            "explanation": {"type": "string"},
            "score": {"type": "integer", "minimum": low, "maximum": high},
        }
        required = ["explanation", "score"]
        return Schema(
            "verdict",
            {"type": "object", "properties": properties, "required": required, "additionalProperties": False},
        )


_PRAISE = (
    "It does what was asked and is easy to follow; what it says about {word} is to the point.",
    "Correct and complete. The part about {word} is helpful, and the tone fits.",
    "A clear and careful piece of work: {word} is treated well and nothing is left open.",
)
_FAIR = (
    "What it says about {word} is right, but it stays brief and explains little.",
    "It answers the question, yet leaves out why {word} matters.",
)
_BLAME = (
    "It misses what was asked: {word} comes up, but nothing follows from it.",
    "Too little is said about {word} to be of any use.",
)
