"""`doubts`: the queue for people: which labels to look at first, and why."""

import heapq
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from synth_assets.core.canonical import Json
from synth_assets.core.contract import Column, Contract, Values
from synth_assets.core.stage import Desk, StageFault, Study, column_of, declared
from synth_assets.stages._empty import may_be_empty
from synth_assets.stages._named import subject_of
from synth_assets.training.doubt import Evidence, gain_of, label_errors
from synth_assets.training.review_files import ARGILLA, LABEL_STUDIO, Doubt, argilla_record, label_studio_task

_SPLIT, _TIED, _LOW = "votes are split", "no label: the votes are tied", "low share"
_SILENT = "no label: no answer could be read"
_ERROR, _STUDENT, _EXPERTS = "likely label error", "the student says otherwise", "experts say otherwise"


class Doubts(Study):
    """Orders labels by the chance that a verdict changes them; writes the queue for Label Studio and Argilla, too.

    What a person has judged is not asked again.
    """

    kind: Literal["doubts"] = "doubts"
    from_: str = Field(alias="from", description="the votes")
    column: str = Field("text", description="the column that holds the texts")
    student: str | None = Field(None, description="the stage of a student that learnt these votes")
    experts: str | None = Field(None, description="the column with the labels of experts")
    low_share: float = Field(0.67, gt=0, le=1, description="a label with a smaller share of the votes is doubtful")
    most: int = Field(500, ge=1, description="rows in the queue")

    def inputs(self) -> tuple[str, ...]:
        return (self.from_, *([self.student] if self.student else []))

    def contract(self, inputs: Mapping[str, Contract]) -> Contract:
        read = inputs[self.from_]
        wanted = {"from": ("label", "share", "said"), "column": (self.column,), "experts": (self.experts,)}
        for key, columns in wanted.items():
            for column in columns:
                if column is not None:
                    column_of(key, column, self.from_, read)
        if self.student and "probabilities" not in inputs[self.student]:
            raise StageFault("student", f'"{self.student}" is no student')
        expert = [Column(self.experts, "text", "what experts say", nullable=True)] if self.experts else []
        own = [Column("rank", "integer", "1 is to be judged first", minimum=1), Column(self.column, "text")]
        return declared([*own, *_COLUMNS, *expert], may_be_empty(self.checks), self.description)

    def findings(self, desk: Desk) -> Iterator[Values]:
        sql = f'SELECT DISTINCT unnest(said) AS label FROM "{self.from_}"'
        labels = sorted(str(row["label"]) for row in desk.query(sql))
        errors = self._label_errors(desk, labels)
        doubtful = (found for row in self._rows(desk) if (found := self._found(row, labels, errors)))
        queue = heapq.nsmallest(self.most, doubtful, key=lambda row: (-row["gain"], row["subject"]))
        _write(desk.folder, queue, self.column)
        for rank, row in enumerate(queue, start=1):
            yield {"rank": rank, **row}

    def _rows(self, desk: Desk) -> Iterator[Values]:
        expert = f'v."{self.experts}"' if self.experts else "NULL"
        chances, join = "NULL", ""
        if self.student:
            chances = "s.probabilities"
            join = f"LEFT JOIN (FROM \"{self.student}\" WHERE part = 'train') s ON s.subject = v._subject"
        votes = f'(SELECT *, {subject_of(desk.contracts[self.from_])} AS _subject FROM "{self.from_}")'
        judged = "verdict_by IS NOT NULL" if "verdict_by" in desk.contracts[self.from_] else "false"
        yield from desk.query(
            f'SELECT v.row_id, v._subject AS subject, v."{self.column}" AS text, v.label, v.share, v.said, v.reasons,'
            f" {expert} AS expert, {chances} AS chances FROM {votes} v {join} WHERE NOT ({judged})"
        )

    def _label_errors(self, desk: Desk, labels: Sequence[str]) -> frozenset[str]:
        """The subjects whose label the student makes doubtful by what it learnt from the others."""
        if not self.student:
            return frozenset()
        import numpy as np

        subjects, taught, chances = [], [], []
        sql = (
            f"SELECT subject, taught, probabilities FROM \"{self.student}\" WHERE part = 'train' AND taught IS NOT NULL"
        )
        for row in desk.query(sql):
            likely = _chances(row["probabilities"]) or {}
            subjects.append(str(row["subject"]))
            taught.append(str(row["taught"]))
            chances.append([likely.get(label, 0.0) for label in labels])
        if not subjects:
            return frozenset()
        wrong = label_errors(taught, np.array(chances), labels)
        return frozenset(subject for subject, is_wrong in zip(subjects, wrong, strict=True) if is_wrong)

    def _found(self, row: Values, labels: Sequence[str], errors: frozenset[str]) -> dict[str, Any] | None:
        """The row as it stands in the queue; None where nothing speaks against its label."""
        said, chances = [str(each) for each in _listed(row["said"])], _chances(row["chances"])
        label = None if row["label"] is None else str(row["label"])
        expert = None if row["expert"] is None else str(row["expert"])
        student = max(chances, key=lambda name: chances[name]) if chances else None
        share = float(str(row["share"] or 0))
        reasons = {
            _TIED: label is None and bool(said),
            _SILENT: label is None and not said,
            _SPLIT: label is not None and len(set(said)) > 1,
            _LOW: label is not None and share < self.low_share,
            _ERROR: row["subject"] in errors,
            _STUDENT: student is not None and label is not None and student != label,
            _EXPERTS: expert is not None and label is not None and expert != label,
        }
        why = [reason for reason, holds in reasons.items() if holds]
        if not why:
            return None
        gain = gain_of(Evidence(label, said, chances, expert), sorted({*labels, *([expert] if expert else [])}))
        return {
            self.column: row["text"],
            "label": label,
            "gain": round(gain, 6),
            "why": why,
            "said": said,
            "reasons": [str(each) for each in _listed(row["reasons"])],
            "share": share,
            "student_label": student,
            "student_confidence": None if chances is None or student is None else chances[student],
            **({self.experts: expert} if self.experts else {}),
            "subject": str(row["subject"]),
            "parent_ids": [row["row_id"]],
        }


_COLUMNS = (
    Column("label", "text", "the label it has", nullable=True),
    Column("gain", "number", "the chance that a verdict changes it", minimum=0, maximum=1),
    Column("why", "texts", "what speaks against the label"),
    Column("said", "texts", "the votes"),
    Column("reasons", "texts", "the reasons that came with them"),
    Column("share", "number", "of the votes, for the label"),
    Column("student_label", "text", "what the student says, who had not seen the row", nullable=True),
    Column("student_confidence", "number", "how likely it finds that", nullable=True),
    Column("subject", "text", "row_id of the row that was labelled"),
)


def _write(folder: Path, queue: Sequence[Mapping[str, Any]], column: str) -> None:
    doubts = [Doubt(row["subject"], str(row[column]), row["label"], row["gain"], row["why"]) for row in queue]
    for name, shape in ((LABEL_STUDIO, label_studio_task), (ARGILLA, argilla_record)):
        items = [shape(doubt) for doubt in doubts]
        (folder / name).write_text(json.dumps(items, ensure_ascii=False, indent=1) + "\n", "utf-8")


def _chances(value: Json) -> dict[str, float] | None:
    """JSON comes out of the lake as text."""
    told = json.loads(value) if isinstance(value, str) else value
    return {str(name): float(str(p)) for name, p in told.items()} if isinstance(told, Mapping) else None


def _listed(value: Json) -> Sequence[Json]:
    return value if isinstance(value, list) else []
