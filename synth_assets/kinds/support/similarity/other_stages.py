"""Checks and reads the other stages that a sift compares with: `against: {stage: column}`."""

from collections.abc import Iterator, Mapping
from typing import Annotated

from pydantic import AfterValidator

from synth_assets.core.contract import Contract
from synth_assets.core.stage import Row
from synth_assets.kinds.support.asking.prompts import check_type, texts_in

_TEXTUAL = ("text", "texts", "dialog")


def _check_names(against: Mapping[str, str]) -> Mapping[str, str]:
    if "" in against or "" in against.values():
        raise ValueError("each stage needs a name and the column to read")
    return against


Against = Annotated[Mapping[str, str], AfterValidator(_check_names)]
"""Stages and, for each, the column that holds its texts."""


def check_texts(key: str, names: Mapping[str, str], inputs: Mapping[str, Contract]) -> None:
    """Raise StageError if a column is missing or holds no texts."""
    for stage, column in names.items():
        check_type(key, column, stage, inputs[stage], _TEXTUAL)


def texts_of_others(against: Mapping[str, str], others: Mapping[str, Iterator[Row]]) -> Iterator[tuple[str, str, str]]:
    """Yield the stage, the row id and the text of every text to compare with."""
    for stage, column in against.items():
        for row in others[stage]:
            for text in texts_in(row.values[column]):
                yield stage, row.row_id, text
