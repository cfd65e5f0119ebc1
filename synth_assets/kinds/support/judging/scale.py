"""The scale of a judge: its scores, how several become one, and which are good enough."""

import operator
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, BeforeValidator, Field, model_validator

from synth_assets.core.teacher_spec import Strict

_RANGE = re.compile(r"(\d+) ?(?:\.\.|to|-) ?(\d+)\Z")
_CONDITION = re.compile(r"(>=|<=|==|=|>|<) ?(\d+(?:\.\d+)?)\Z")
_COMPARE: Mapping[str, Callable[[float, float], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    "==": operator.eq,
    "=": operator.eq,
    ">": operator.gt,
    "<": operator.lt,
}
Combine: TypeAlias = Literal["mean", "majority", "minimum"]


class Scale(BaseModel):
    """The whole numbers a judge may give."""

    model_config = Strict

    lowest: int = Field(ge=0, le=1_000)
    highest: int = Field(ge=1, le=1_000)

    @model_validator(mode="after")
    def _in_order(self) -> "Scale":
        if self.lowest >= self.highest:
            raise ValueError(f"lowest ({self.lowest}) must be less than highest ({self.highest})")
        return self

    def __contains__(self, score: object) -> bool:
        return isinstance(score, int) and not isinstance(score, bool) and self.lowest <= score <= self.highest

    def __str__(self) -> str:
        return f"{self.lowest} to {self.highest}"


def _spelled_out(value: object) -> object:
    if value == "binary":
        return {"lowest": 0, "highest": 1}
    if isinstance(value, str):
        found = _RANGE.match(value)
        if found is None:
            raise ValueError(f'expected binary, or a range like 1..10, found "{value}"')
        return {"lowest": int(found[1]), "highest": int(found[2])}
    return value


AnyScale = Annotated[Scale, BeforeValidator(_spelled_out)]
"""A scale as recipes write it: `{lowest: 1, highest: 3}`, `1..10` or `binary`."""


def combine_scores(scores: Sequence[int], how: Combine) -> float:
    """Return the score of several draws. Of scores that are equally frequent the lower one counts."""
    if how == "mean":
        return sum(scores) / len(scores)
    if how == "minimum":
        return min(scores)
    count = Counter(scores)
    return max(count, key=lambda score: (count[score], -score))


def check_keep(text: str, scale: Scale) -> None:
    """Raise ValueError where a condition like `>= 3` is none, or keeps all or nothing of the scale."""
    if _CONDITION.match(text) is None:
        raise ValueError(f'expected a comparison like ">= {scale.highest}", found "{text}"')
    kept = [is_kept(score, text) for score in range(scale.lowest, scale.highest + 1)]
    if all(kept) or not any(kept):
        raise ValueError(f'"{text}" keeps {"every score" if all(kept) else "no score"} from {scale}')


def is_kept(score: float, condition: str) -> bool:
    """Say whether a score meets a condition like `>= 3`."""
    found = _CONDITION.match(condition)
    assert found is not None
    return _COMPARE[found[1]](score, float(found[2]))


def below_scale_reason(name: str, score: float, condition: str) -> str:
    """Say why a row with such a score is a reject."""
    return f"{name} {score:.3g} is not {condition}"
