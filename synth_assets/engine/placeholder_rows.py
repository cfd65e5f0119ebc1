"""The placeholder of a row that is not known yet: a plan counts it, and estimates the calls it will take."""

from synth_assets.core.column_types import TYPES
from synth_assets.core.contract import Contract
from synth_assets.core.request import Request
from synth_assets.core.stage import Reject, Row
from synth_assets.engine.row_conversation import AnyAsk

PLACEHOLDER = Row("", {})
"""Stands in a batch for a row whose answer is not there yet."""

PLACEHOLDER_CHARACTERS = 400
_TEXT = ("so many words as a text may have " * 20)[:PLACEHOLDER_CHARACTERS]


def placeholder_requests(stage: AnyAsk, read: Contract) -> list[Request]:
    """What the stage would ask about a row of middling texts; nothing where such a row is not fit to be asked about."""
    try:
        return stage.requests(
            Row("", {column.name: TYPES[column.type].placeholder(column, _TEXT) for column in read.columns})
        )
    except Reject:
        return []
