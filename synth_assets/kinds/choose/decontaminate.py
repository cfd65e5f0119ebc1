"""`decontaminate`: a row that shares a run of words with an evaluation set is a reject, which names what it shares."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from synth_assets.core.contract import Contract
from synth_assets.core.stage import Rejection, Row, RowOutcome, Sift, StageError, declare_contract
from synth_assets.kinds.support.asking.prompts import texts_in
from synth_assets.kinds.support.similarity.other_stages import Against, check_texts, texts_of_others
from synth_assets.kinds.support.similarity.text_index import words


def _as_columns(value: object) -> object:
    return (value,) if isinstance(value, str) else tuple(value) if isinstance(value, list) else value


class Decontaminate(Sift):
    """Keeps training data free of what it will be measured by: no n words in a row are those of an evaluation set."""

    kind: Literal["decontaminate"] = "decontaminate"
    columns: Annotated[tuple[str, ...], BeforeValidator(_as_columns)] = Field(
        min_length=1, description="the columns with the texts to look at"
    )
    against: Against = Field(min_length=1, description="the stages that hold evaluation sets, each with its column")
    words: int = Field(10, ge=3, le=50, description="so many equal words in a row; 8 to 13 are usual")

    def inputs(self) -> tuple[str, ...]:
        return (self.from_, *self.against)

    def contract(self, inputs: Mapping[str, Contract]) -> Contract:
        if self.from_ in self.against:
            raise StageError("against", f'"{self.from_}" cannot be its own evaluation set')
        for column in self.columns:
            check_texts("columns", {self.from_: column}, inputs)
        check_texts("against", self.against, inputs)
        return declare_contract(inputs[self.from_].columns, self.checks, self.description)

    def sift(self, rows: Iterator[Row], others: Mapping[str, Iterator[Row]]) -> Iterator[RowOutcome]:
        known: dict[str, tuple[str, str]] = {}
        for stage, row_id, text in texts_of_others(self.against, others):
            for run in self._runs(text):
                known.setdefault(run, (stage, row_id))
        for row in rows:
            texts = [text for column in self.columns for text in texts_in(row.values[column])]
            shared = next((run for text in texts for run in self._runs(text) if run in known), None)
            if shared is None:
                yield RowOutcome(row, row.values)
            else:
                stage, row_id = known[shared]
                yield RowOutcome(row, Rejection(f"shares words with {stage}", f"{row_id}: {shared}"))

    def _runs(self, text: str) -> Iterator[str]:
        """Yield every run of so many words; a shorter text is one as a whole, so that only its equal shares it."""
        tokens = words(text)
        for start in range(max(len(tokens) - self.words, 0) + 1 if tokens else 0):
            yield " ".join(tokens[start : start + self.words])
