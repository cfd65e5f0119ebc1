"""`verdicts`: what people decided about doubtful rows, from files of Label Studio, Argilla or plain rows."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Literal

from pydantic import Field, field_validator

from synth_assets.core.canonical import Json
from synth_assets.core.contract import Column, Contract, Values
from synth_assets.core.errors import RecipeError
from synth_assets.core.stage import Names, Partition, Rejection, Source, SourceContext, declare_contract
from synth_assets.exports.review_files import ReviewVerdict, verdicts_in
from synth_assets.kinds.support.reading.files import check_pattern, read_files


class Verdicts(Source):
    """Reads verdicts, with who gave them and when. Files that are not there yet hold none."""

    kind: Literal["verdicts"] = "verdicts"
    files: Names = Field(min_length=1, description="paths from the recipe's folder, * and ** match many")
    multiple: bool = Field(
        False, description="any number of labels for a row, as `labels`; that none applies is no choice, or `(none)`"
    )

    @field_validator("files")
    @classmethod
    def _readable(cls, patterns: tuple[str, ...]) -> tuple[str, ...]:
        for pattern in patterns:
            check_pattern(pattern)
        return patterns

    def contract(self, inputs: Mapping[str, Contract]) -> Contract:
        label = (
            Column("labels", "texts", "what the person says; empty where none of the labels applies")
            if self.multiple
            else Column("label", "text", "what the person says")
        )
        return declare_contract([_SUBJECT, label, *_BY_WHOM], self.checks.allow_empty(), self.description)

    def rows(self, partition: Partition, context: SourceContext) -> Iterator[Values | Rejection]:
        # A tool that tells no time was asked today: what is read again tomorrow is the same verdict, a day later.
        today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0).isoformat()
        for pattern in self.files:
            try:
                found = list(read_files([pattern], context.folder))
            except RecipeError:
                continue
            for item in found:
                if isinstance(item, Rejection):
                    yield item
                    continue
                try:
                    for verdict in verdicts_in(item.fields, today, multiple=self.multiple):
                        yield self._values(verdict)
                except (ValueError, AttributeError, TypeError) as error:
                    yield item.reject("no verdict can be read", str(error))

    def _values(self, verdict: ReviewVerdict) -> Values:
        label: dict[str, Json] = (
            {"label": verdict.labels} if isinstance(verdict.labels, str) else {"labels": [*verdict.labels]}
        )
        return {"subject": verdict.subject, **label, "who": verdict.who, "said_at": verdict.at}


_SUBJECT = Column("subject", "text", "row_id of the row that was judged")
_BY_WHOM = (
    Column("who", "text", "the person, as the tool names them"),
    Column("said_at", "timestamp", "when it was said"),
)
