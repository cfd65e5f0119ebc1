"""`doubts`: the queue for people: which labels to look at first, and why."""

import heapq
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from synth_assets.analysis.doubt import Evidence, SetEvidence, gain_of, gain_of_set, label_errors
from synth_assets.core.canonical import Json
from synth_assets.core.contract import Column, Contract, Values
from synth_assets.core.stage import StageError, Study, StudyContext, declare_contract, find_column
from synth_assets.exports.review_files import ARGILLA, LABEL_STUDIO, ReviewItem, argilla_record, label_studio_task
from synth_assets.kinds.support.labels.labelling import (
    Labelling,
    LabelValue,
    find_typed_column,
    labelling_of,
    read_label_value,
    subject_of,
)

_SPLIT, _TIED, _LOW = "votes are split", "no label: the votes are tied", "low share"
_SILENT = "no label: no answer could be read"
_ERROR, _STUDENT, _EXPERTS = "likely label error", "the student says otherwise", "experts say otherwise"


class Doubts(Study):
    """Orders labels by the chance that a verdict changes them; writes the queue for Label Studio and Argilla, too.

    What a person has judged is not asked again. Where any number of labels may apply to a row (a vote with `multiple`),
    a verdict is on the whole set; what a student says is left out there, as it knows one label for each row.
    """

    kind: Literal["doubts"] = "doubts"
    from_: str = Field(alias="from", description="the votes")
    column: str = Field("text", description="the column that holds the texts")
    student: str | None = Field(None, description="the stage of a student that learnt these votes; not with `multiple`")
    experts: str | None = Field(None, description="the column with the labels of experts: text, or texts if many apply")
    low_share: float = Field(0.67, gt=0, le=1, description="a label with a smaller share of the votes is doubtful")
    most: int = Field(500, ge=1, description="rows in the queue")

    def inputs(self) -> tuple[str, ...]:
        return (self.from_, *([self.student] if self.student else []))

    def contract(self, inputs: Mapping[str, Contract]) -> Contract:
        read = inputs[self.from_]
        labelling = labelling_of("from", self.from_, read)
        for column in ("share", "said", *(["shares"] if labelling.multiple else [])):
            find_column("from", column, self.from_, read)
        find_column("column", self.column, self.from_, read)
        if self.experts:
            find_typed_column("experts", self.experts, self.from_, read, labelling)
        if self.student:
            self._check_student(self.student, inputs[self.student], labelling)
        expert = [Column(self.experts, labelling.type, "what experts say", nullable=True)] if self.experts else []
        label = Column(labelling.column, labelling.type, "what the row is labelled", nullable=True)
        own = [Column("rank", "integer", "1 is to be judged first", minimum=1), Column(self.column, "text"), label]
        more = _OF_SETS if labelling.multiple else _OF_STUDENT
        return declare_contract([*own, *_COLUMNS, *more, *expert], self.checks.allow_empty(), self.description)

    def _check_student(self, name: str, read: Contract, labelling: Labelling) -> None:
        if "probabilities" not in read:
            raise StageError("student", f'"{name}" is no student')
        if labelling.multiple:
            message = f'a student knows one label for each row, and "{self.from_}" has any number of them'
            raise StageError("student", f"{message}: leave `student` out")

    def rows(self, context: StudyContext) -> Iterator[Values]:
        labelling = labelling_of("from", self.from_, context.contracts[self.from_])
        labels = self._labels(context, labelling)
        errors = self._label_errors(context, labels)
        doubtful = (found for row in self._rows(context, labelling) if (found := self._found(row, labels, errors)))
        queue = heapq.nsmallest(self.most, doubtful, key=lambda row: (-row["gain"], row["subject"]))
        _write(context.folder, queue, (self.column, labelling.column))
        for rank, row in enumerate(queue, start=1):
            yield {"rank": rank, **row}

    def _labels(self, context: StudyContext, labelling: Labelling) -> list[str]:
        named = "json_keys(shares)" if labelling.multiple else "said"
        rows = context.query(f'SELECT DISTINCT unnest({named}) AS label FROM "{self.from_}"')
        return sorted(str(row["label"]) for row in rows)

    def _rows(self, context: StudyContext, labelling: Labelling) -> Iterator[Values]:
        chances, join = "NULL", ""
        if self.student:
            chances = "s.probabilities"
            join = f"LEFT JOIN (FROM \"{self.student}\" WHERE part = 'train') s ON s.subject = v._subject"
        read = context.contracts[self.from_]
        expert = labelling.sql(self.experts) if self.experts else "NULL"
        votes = (
            f"(SELECT *, {subject_of(read)} AS _subject, {labelling.sql(labelling.column)} AS _label,"
            f" {expert} AS _expert, {'shares' if labelling.multiple else 'NULL'} AS _shares,"
            f' {"verdict_by IS NOT NULL" if "verdict_by" in read else "false"} AS _judged FROM "{self.from_}")'
        )
        yield from context.query(
            f'SELECT v.row_id, v._subject AS subject, v."{self.column}" AS text, v._label AS label, v.share, v.said,'
            f" v.reasons, v._shares AS shares, v._expert AS expert, {chances} AS chances"
            f" FROM {votes} v {join} WHERE NOT v._judged"
        )

    def _label_errors(self, context: StudyContext, labels: Sequence[str]) -> frozenset[str]:
        """Return the subjects whose label the student makes doubtful by what it learnt from the others."""
        if not self.student:
            return frozenset()
        import numpy as np

        subjects, taught, chances = [], [], []
        sql = (
            f"SELECT subject, taught, probabilities FROM \"{self.student}\" WHERE part = 'train' AND taught IS NOT NULL"
        )
        for row in context.query(sql):
            likely = _probabilities(row["probabilities"]) or {}
            subjects.append(str(row["subject"]))
            taught.append(str(row["taught"]))
            chances.append([likely.get(label, 0.0) for label in labels])
        if not subjects:
            return frozenset()
        wrong = label_errors(taught, np.array(chances), labels)
        return frozenset(subject for subject, is_wrong in zip(subjects, wrong, strict=True) if is_wrong)

    def _found(self, row: Values, labels: Sequence[str], errors: frozenset[str]) -> dict[str, Any] | None:
        """Return the row as the queue shows it; None where nothing speaks against its label."""
        case = _Case.of(row)
        why = case.why(self.low_share, is_error=row["subject"] in errors)
        if not why:
            return None
        expert = {self.experts: row["expert"]} if self.experts else {}
        return {
            self.column: row["text"],
            "gain": round(case.gain(labels), 6),
            "why": why,
            "said": case.votes,
            "reasons": [str(each) for each in _listed(row["reasons"])],
            "share": case.share,
            **case.evidence(),
            **expert,
            "subject": str(row["subject"]),
            "parent_ids": [row["row_id"]],
        }


@dataclass(frozen=True, slots=True)
class _Case:
    """One row: its label or labels, and all votes on it; `shares` are those of the votes for each label."""

    label: LabelValue | None
    votes: Sequence[str]
    share: float
    shares: Mapping[str, float] | None
    chances: Mapping[str, float] | None
    expert: LabelValue | None

    @classmethod
    def of(cls, row: Values) -> "_Case":
        votes = [str(each) for each in _listed(row["said"])]
        likelihoods = (_probabilities(row["shares"]), _probabilities(row["chances"]))
        return cls(
            read_label_value(row["label"]),
            votes,
            float(str(row["share"] or 0)),
            *likelihoods,
            read_label_value(row["expert"]),
        )

    @property
    def student(self) -> str | None:
        """Return what the student says."""
        return max(self.chances, key=self.chances.__getitem__) if self.chances else None

    def why(self, low_share: float, *, is_error: bool) -> list[str]:
        """Return what speaks against the label."""
        is_split = any(0 < each < 1 for each in self.shares.values()) if self.shares else len(set(self.votes)) > 1
        reasons = {
            _TIED: self.label is None and bool(self.votes),
            _SILENT: self.label is None and not self.votes,
            _SPLIT: self.label is not None and is_split,
            _LOW: self.label is not None and self.share < low_share,
            _ERROR: is_error,
            _STUDENT: self.student is not None and self.label is not None and self.student != self.label,
            _EXPERTS: self.expert is not None and self.label is not None and self.expert != self.label,
        }
        return [reason for reason, holds in reasons.items() if holds]

    def gain(self, labels: Sequence[str]) -> float:
        """Return the worth of a verdict, where those labels occur in the table."""
        if isinstance(self.label, tuple):
            experts = None if self.expert is None else frozenset(self.expert)
            known = SetEvidence(self.label, len(self.votes), self.shares or {}, experts)
            return gain_of_set(known, sorted({*labels, *(experts or ())}))
        expert = None if self.expert is None else str(self.expert)
        return gain_of(
            Evidence(self.label, self.votes, self.chances, expert),
            sorted({*labels, *([expert] if expert else [])}),
        )

    def evidence(self) -> dict[str, Any]:
        """Return the label, and by what it can be judged."""
        if self.shares is not None:
            return {"labels": self.label, "shares": self.shares}
        confidence = self.chances[self.student] if self.chances and self.student else None
        return {"label": self.label, "student_label": self.student, "student_confidence": confidence}


_COLUMNS = (
    Column("gain", "number", "the chance that a verdict changes it", minimum=0, maximum=1),
    Column("why", "texts", "what speaks against the label"),
    Column("said", "texts", "the votes"),
    Column("reasons", "texts", "the reasons that came with them"),
    Column("share", "number", "of the votes, for the label"),
    Column("subject", "text", "row_id of the row that was labelled"),
)
_OF_SETS = (Column("shares", "json", "of the votes, for each label that was named"),)
_OF_STUDENT = (
    Column("student_label", "text", "what the student says, who had not seen the row", nullable=True),
    Column("student_confidence", "number", "how likely it finds that", nullable=True),
)


def _write(folder: Path, queue: Sequence[Mapping[str, Any]], columns: tuple[str, str]) -> None:
    text, label = columns
    doubts = [ReviewItem(row["subject"], str(row[text]), row[label], row["gain"], row["why"]) for row in queue]
    for name, shape in ((LABEL_STUDIO, label_studio_task), (ARGILLA, argilla_record)):
        items = [shape(doubt) for doubt in doubts]
        (folder / name).write_text(json.dumps(items, ensure_ascii=False, indent=1) + "\n", "utf-8")


def _probabilities(value: Json) -> dict[str, float] | None:
    """Read probabilities by label: JSON comes out of the lake as text."""
    parsed = json.loads(value) if isinstance(value, str) else value
    return {str(name): float(str(p)) for name, p in parsed.items()} if isinstance(parsed, Mapping) else None


def _listed(value: Json) -> Sequence[Json]:
    return value if isinstance(value, list) else []
