"""`vote`: one label for each row out of all labels that annotators gave it, with how sure they were."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, model_validator

from synth_assets.core.contract import Column, Contract
from synth_assets.core.stage import Names, Query, StageError, declare_contract, find_column
from synth_assets.kinds.support.asking.prompts import prompt_file
from synth_assets.kinds.support.labels.labelling import Labelling, find_label_column

_MILLION = 1_000_000
_ALIKE = "give `multiple: true` to both stages, or to none"
_OF_A_BALLOT = ("label", "labels", "reason", "draw", "annotator", "confidence")


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
class _Rule:
    """SQL: the order in which tied labels win, and whether the winner of a tie is the label.

    Where several labels may apply, `takes` says of one that exactly half have named whether it does.
    """

    order: str
    settles: str
    takes: str


def _quoted(text: str) -> str:
    """Return a text as SQL spells it."""
    return "'" + text.replace("'", "''") + "'"


def _rule_of(ties: Ties) -> _Rule:
    """Return the rule as SQL."""
    match ties:
        case Prefer(prefer=names):
            listed = f"[{', '.join(map(_quoted, names))}]"
            position = f"coalesce(list_position({listed}, _label), {len(names) + 1})"
            return _Rule(position, f"list_contains({listed}, _chosen)", f"list_contains({listed}, _label)")
        case Random(random=seed):
            number = f"md5('{seed}/' || subject || '/' || _label)"
            return _Rule(number, "true", f"{number} < '8'")
        case "first":
            return _Rule("[b FOR b IN _said IF b.s = _label][1]", "true", "list_contains(_opening, _label)")
        case _:
            return _Rule("_label", "false", "false")


class Vote(Query):
    """Counts what was said of each row. The order of the votes never matters; a tie is settled by a stated rule."""

    kind: Literal["vote"] = "vote"
    from_: Names = Field(
        alias="from", min_length=1, description="the stages whose rows are the votes: one, or several together"
    )
    multiple: bool = Field(False, description="any number of labels for a row: each label is voted on by itself")
    ties: Ties = Field("abstain", description="abstain (no label), first (said), {prefer: [labels]} or {random: seed}")
    weights: Mapping[str, Annotated[float, Field(ge=1e-6, le=1e6)]] = Field(
        {}, description="what a vote of an annotator counts, where it is not 1"
    )
    verdicts: str | None = Field(None, description="a stage of human verdicts; each overrides the votes on its row")
    rows: str | None = Field(
        None, description="the stage of the rows that were to be labelled; those without a vote are there, too"
    )

    @model_validator(mode="after")
    def _each_stage_once(self) -> "Vote":
        if len(set(self.inputs())) < len(self.inputs()):
            raise ValueError("a stage is named twice")
        return self

    def inputs(self) -> tuple[str, ...]:
        return (*self.from_, *(name for name in (self.verdicts, self.rows) if name))

    @property
    def _labelling(self) -> Labelling:
        return Labelling(self.multiple)

    def contract(self, inputs: Mapping[str, Contract]) -> Contract:
        label_columns = [find_label_column("from", name, inputs[name], self._labelling, _ALIKE) for name in self.from_]
        if self.verdicts:
            self._check_verdicts(self.verdicts, inputs[self.verdicts])
        names = tuple(dict.fromkeys(name for column in label_columns for name in column.accepted))
        own = [*self._result(names), *(_OF_VERDICTS if self.verdicts else ())]
        carried = self._carried(inputs)
        if clash := {column.name for column in own} & {column.name for column in carried}:
            raise StageError("from", f'"{self.from_[0]}" has a column "{min(clash)}", which this stage makes')
        return declare_contract([*carried, *own], self.checks, self.description)

    def _check_verdicts(self, name: str, read: Contract) -> None:
        find_label_column("verdicts", name, read, self._labelling, _ALIKE)
        for column, kind in {"subject": "text", "who": "text", "said_at": "timestamp"}.items():
            found = find_column("verdicts", column, name, read)
            if found.type != kind:
                raise StageError("verdicts", f'"{column}" of "{name}" is {found.type}, not {kind}')

    def _carried(self, inputs: Mapping[str, Contract]) -> list[Column]:
        """Return the columns of the rows that were labelled; one that not all stages have may be empty."""
        merged = Contract(())
        for name in self._tables():
            merged = merged.with_columns(inputs[name].columns)
        return [
            Column(column.name, column.type, column.description, self._may_lack(column.name, inputs))
            for column in merged.columns
            if column.name not in _OF_A_BALLOT
        ]

    def _tables(self) -> tuple[str, ...]:
        """Return the stages whose columns are carried along."""
        return (*self.from_, *([self.rows] if self.rows else []))

    def _may_lack(self, name: str, inputs: Mapping[str, Contract]) -> bool:
        tables = [inputs[table] for table in self._tables()]
        return any(name not in table or table.column(name).nullable for table in tables)

    def _result(self, names: tuple[str, ...]) -> list[Column]:
        """Return the columns of the result; `draws` is how many were counted, as not every draw can be read."""
        meaning = "the label with the most votes; none where a tie is not settled, or nobody voted"
        may_lack = self.ties == "abstain" or self.rows is not None
        label = (
            Column("labels", "texts", "those that more than half have named", nullable=may_lack, accepted=names)
            if self.multiple
            else Column("label", "text", meaning, nullable=may_lack or isinstance(self.ties, Prefer), accepted=names)
        )
        without = self.rows is not None
        return [
            Column("draws", "integer", "votes that were counted", minimum=0 if without else 1),
            Column("said", "texts", "the votes, in the order of stages and draws"),
            Column("reasons", "texts", "their reasons, in the same order; empty where none was given"),
            Column("subject", "text", "row_id of the row that was labelled"),
            label,
            Column("share", "number", "of the votes, for the label they have chosen", without, minimum=0, maximum=1),
            Column("entropy", "number", "of the votes, in bits: 0 is unanimous", without, minimum=0),
            Column("margin", "number", "share of the label less that of the next", without, minimum=0, maximum=1),
            Column("tied", "boolean", "whether a rule had to settle it"),
            *([Column("shares", "json", "of the votes, for each label that was named")] if self.multiple else []),
        ]

    def query(self) -> str:
        rule = _rule_of(self.ties)
        settles = "true" if self.multiple and self.ties != "abstain" else rule.settles
        values = {
            "tables": self.from_,
            "multiple": self.multiple,
            "verdicts": self.verdicts,
            "weights": {_quoted(name): round(weight * _MILLION) for name, weight in self.weights.items()},
            "order": rule.order,
            "takes": rule.takes,
            "settles": settles,
            "rows": self.rows,
        }
        return prompt_file(__package__, "vote.sql.jinja").render(values)


_OF_VERDICTS = (
    Column("verdict_by", "text", "who decided it instead of the votes", nullable=True),
    Column("verdict_at", "timestamp", "when", nullable=True),
)
