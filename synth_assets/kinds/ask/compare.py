"""`compare`: which of several answers is better, asked in both orders; the best is chosen, the worst rejected."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Literal

from pydantic import Field

from synth_assets.core.canonical import Json, canonical_json
from synth_assets.core.contract import Column, Contract, Values
from synth_assets.core.parse import Unreadable, read_object
from synth_assets.core.prompt import Template, check_template
from synth_assets.core.rehearsal import Dice, first_of_role, number_of, telling_words
from synth_assets.core.request import Reply, Request, Schema
from synth_assets.core.stage import Answer, Ask, Reject, Row, StageError, declare_contract
from synth_assets.core.template_match import match_template
from synth_assets.kinds.support.asking.prompts import build_messages, check_type, fill_template, prompt_file, texts_in

_SIDES = ("A", "B", "tie")
_PREFERENCE = Schema(
    "preference",
    {
        "type": "object",
        "properties": {"explanation": {"type": "string"}, "better": {"type": "string", "enum": list(_SIDES)}},
        "required": ["explanation", "better"],
        "additionalProperties": False,
    },
)


@dataclass(frozen=True, slots=True)
class Preference:
    """Which of two answers is better: A, B or tie."""

    explanation: str
    better: str


class Compare(Ask[Preference]):
    """Compares the answers of each row two by two. Only a verdict that survives the swap of the two counts.

    What is undecided is a reject. To measure the judge, keep it: `preferences` counts it, exports turn it away.
    """

    kind: Literal["compare"] = "compare"
    question: Template = Field(min_length=1, description="what was asked; a template that reads the columns")
    answers: str = Field("answers", description="the column with the answers, as `answers` puts them together")
    criteria: Template = Field(
        "It is correct, does all that was asked, is clear, and does no harm.", description="what makes an answer better"
    )

    undecided: Literal["reject", "keep"] = Field(
        "reject", description="rows in which no answer is better, or the verdicts follow the order of the answers"
    )

    def contract(self, inputs: Mapping[str, Contract]) -> Contract:
        read = inputs[self.from_]
        check_template("question", self.question, read)
        check_template("criteria", self.criteria, read)
        check_type("answers", self.answers, self.from_, read, ("texts",))
        keeps_all = self.undecided == "keep"
        made = [replace(column, nullable=keeps_all and column.name in _OF_A_WINNER) for column in _MADE]
        for column in made:
            if column.name in read:
                raise StageError("from", f'"{self.from_}" has a column "{column.name}" already')
        return declare_contract(read.with_columns(made).columns, self.checks, self.description)

    def requests(self, row: Row) -> list[Request]:
        question = fill_template(self.question, row.values)
        rules = prompt_file(__package__, "compare.jinja").render({"criteria": fill_template(self.criteria, row.values)})
        answers = self._answers(row)
        asked = [
            prompt_file(__package__, "compare.request.jinja").render(
                {"question": question, "first": first, "second": second}
            )
            for pair in combinations(answers, 2)
            for first, second in (pair, pair[::-1])
        ]
        return [Request(build_messages(rules, each), _PREFERENCE) for each in asked]

    def read(self, row: Row, reply: Reply) -> Preference:
        answer = read_object(reply.text)
        explanation, better = answer.get("explanation"), answer.get("better")
        if not isinstance(explanation, str) or not explanation.strip():
            raise Unreadable('the answer has no "explanation" in words')
        if not isinstance(better, str) or better not in _SIDES:
            raise Unreadable('"better" must be "A", "B" or "tie"')
        return Preference(explanation.strip(), better)

    def rows(self, row: Row, answers: Sequence[Answer[Preference]]) -> Iterable[Values]:
        texts = self._answers(row)
        verdicts = [answer.value for answer in answers]
        wins = dict.fromkeys(range(len(texts)), 0)
        reason, agreed = "", 0
        pairs = list(combinations(range(len(texts)), 2))
        for (one, other), before, after in zip(pairs, verdicts[::2], verdicts[1::2], strict=True):
            winner = {"AB": one, "BA": other}.get(f"{before.better}{after.better}")
            agreed += winner is not None or before.better == after.better == "tie"
            if winner is not None:
                wins[winner] += 1
                reason = reason or before.explanation
        best = max(wins, key=lambda index: (wins[index], -index))
        worst = min(wins, key=lambda index: (wins[index], index))
        comparisons = _comparisons(texts, [verdict.better for verdict in verdicts])
        is_decided = wins[best] != wins[worst]
        if not is_decided and self.undecided == "reject":
            why = "neither is better" if agreed else "the verdict follows the order of the answers"
            raise Reject(why, canonical_json(comparisons))
        yield {
            **row.values,
            "chosen": texts[best] if is_decided else None,
            "rejected": texts[worst] if is_decided else None,
            "preference": reason if is_decided else None,
            "swap_agreement": agreed / len(pairs),
            "comparisons": comparisons,
        }

    @classmethod
    def rehearse(cls, request: Request, dice: Dice) -> str | None:
        """Answer mostly with what it would prefer in any order; now and then neither, or the one it saw first."""
        question = first_of_role(request, "user")
        rules = match_template(prompt_file(__package__, "compare.jinja"), first_of_role(request, "system"))
        found = match_template(prompt_file(__package__, "compare.request.jinja"), question)
        if rules is None or found is None:
            return None
        answers = {"A": found.values["first"], "B": found.values["second"]}
        preference = {name: number_of(text) for name, text in answers.items()}
        mood = dice.mood % 20
        better = "tie" if mood == 0 else "A" if mood == 1 else max(answers, key=preference.__getitem__)
        words = telling_words(answers.get(better, question))
        explanation = f"What is said about {words[dice.mood // 20 % len(words)]} decides it."
        return json.dumps({"explanation": explanation, "better": better}, ensure_ascii=False)

    def _answers(self, row: Row) -> list[str]:
        answers = list(dict.fromkeys(texts_in(row.values[self.answers])))
        if len(answers) < 2:
            raise Reject("nothing to compare", f"{len(answers)} different answers")
        return answers


_MADE = (
    Column("chosen", "text", "the answer that is better"),
    Column("rejected", "text", "the answer that is worse"),
    Column("preference", "text", "why one answer was preferred"),
    Column("swap_agreement", "number", "share of pairs judged the same in both orders", minimum=0, maximum=1),
    Column("comparisons", "json", "each verdict: the answers as they were shown, their lengths, which is better"),
)
_OF_A_WINNER = ("chosen", "rejected", "preference")


def _comparisons(texts: Sequence[str], better: Sequence[str]) -> list[Json]:
    """Return every verdict with the answers it was shown, first and second, in the order in which they were asked."""
    shown = [order for pair in combinations(range(len(texts)), 2) for order in (pair, pair[::-1])]
    return [
        {"first": a, "second": b, "characters": [len(texts[a]), len(texts[b])], "better": each}
        for (a, b), each in zip(shown, better, strict=True)
    ]
