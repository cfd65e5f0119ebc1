"""How a vote settles ties: the rules as a recipe writes them, and as SQL."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field


class Prefer(BaseModel):
    """The first of these labels that is tied wins; where none is, there is no label."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    prefer: tuple[str, ...] = Field(min_length=1)


class Random(BaseModel):
    """The label is drawn; the same row and seed draw the same."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    random: int = Field(description="the seed")


Ties: TypeAlias = Literal["abstain", "first"] | Prefer | Random


@dataclass(frozen=True, slots=True)
class Rule:
    """SQL: the order in which tied labels win, and whether the winner of a tie is the label.

    Where several labels may apply, `takes` says of one that exactly half have named whether it does.
    """

    order: str
    settles: str
    takes: str


def quoted(text: str) -> str:
    """Return a text as SQL spells it."""
    return "'" + text.replace("'", "''") + "'"


def rule_of(ties: Ties) -> Rule:
    """Return the rule as SQL."""
    match ties:
        case Prefer(prefer=names):
            listed = f"[{', '.join(map(quoted, names))}]"
            position = f"coalesce(list_position({listed}, _label), {len(names) + 1})"
            return Rule(position, f"list_contains({listed}, _chosen)", f"list_contains({listed}, _label)")
        case Random(random=seed):
            number = f"md5('{seed}/' || subject || '/' || _label)"
            return Rule(number, "true", f"{number} < '8'")
        case "first":
            return Rule("[b FOR b IN _said IF b.s = _label][1]", "true", "list_contains(_opening, _label)")
        case _:
            return Rule("_label", "false", "false")
