"""`deduplicate`: the first of the rows that say nearly the same stays; each of the others is a reject with its twin."""

from collections.abc import Iterator, Mapping
from typing import ClassVar, Literal

from pydantic import Field

from synth_assets.core.contract import Contract
from synth_assets.core.stage import Rejection, Row, RowOutcome, Sift, StageError, declare_contract
from synth_assets.kinds.support.asking.prompts import texts_in
from synth_assets.kinds.support.similarity.minhash import MinHash
from synth_assets.kinds.support.similarity.other_stages import Against, check_texts, texts_of_others
from synth_assets.kinds.support.similarity.rouge_l import RougeL
from synth_assets.kinds.support.similarity.text_index import Exact, Index

_SHOWN = 300


class Deduplicate(Sift):
    """Turns away what is too much like an earlier row, or like a text of other stages, as their seeds."""

    kind: Literal["deduplicate"] = "deduplicate"
    needs_all_partitions: ClassVar[bool] = True

    column: str = Field(min_length=1, description="the column with the text (or texts, or dialog) to compare")
    by: Literal["minhash", "rouge_l", "exact"] = Field(
        "minhash", description="shingles of characters, for many rows; longest common subsequence of words; same words"
    )
    threshold: float = Field(0.7, gt=0, le=1, description="likeness from which on two are the same")
    against: Against = Field({}, description="stages, each with its column, whose texts count as seen before")

    def inputs(self) -> tuple[str, ...]:
        return (self.from_, *self.against)

    def contract(self, inputs: Mapping[str, Contract]) -> Contract:
        if self.from_ in self.against:
            raise StageError("against", f'"{self.from_}" is compared with itself anyway')
        check_texts("column", {self.from_: self.column}, inputs)
        check_texts("against", self.against, inputs)
        return declare_contract(inputs[self.from_].columns, self.checks, self.description)

    def sift(self, rows: Iterator[Row], others: Mapping[str, Iterator[Row]]) -> Iterator[RowOutcome]:
        index = self._index()
        seen: list[tuple[str, str]] = []
        for stage, row_id, text in texts_of_others(self.against, others):
            index.add(text)
            seen.append((stage, row_id))
        for row in rows:
            text = "\n".join(texts_in(row.values[self.column]))
            twin = index.near(text)
            if twin is None:
                index.add(text)
                seen.append((self.from_, row.row_id))
                yield RowOutcome(row, row.values)
            else:
                stage, row_id = seen[twin[0]]
                reason = "like an earlier row" if stage == self.from_ else f"like a row of {stage}"
                yield RowOutcome(row, Rejection(reason, f"{twin[1]:.2f} like {row_id}: {text[:_SHOWN]}"))

    def _index(self) -> Index:
        if self.by == "exact":
            return Exact()
        return MinHash(self.threshold) if self.by == "minhash" else RougeL(self.threshold)
