"""`student`: a small model learns the teacher's labels; measured on rows that it has not seen."""

import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

from pydantic import Field

from synth_assets.analysis.agreement import Confusion
from synth_assets.core.canonical import Json
from synth_assets.core.contract import SYSTEM_COLUMNS, Column, Contract, Values
from synth_assets.core.stage import (
    Picture,
    Rejection,
    Row,
    RowOutcome,
    StageError,
    Study,
    StudyContext,
    TableView,
    declare_contract,
    find_column,
)
from synth_assets.kinds.support.asking.prompts import prompt_file
from synth_assets.kinds.support.labels.labelling import Labelling, find_label_column, subject_of
from synth_assets.students.storage import NGRAMS, TRANSFORMER, save, save_description
from synth_assets.students.student import Trained, TrainingExamples, train

if TYPE_CHECKING:
    from synth_assets.students.student import Student

_ONE_LABEL = "a student learns one label for each text; leave out `multiple` before it, or the student"
_DEFAULT = "ngrams"
_SPEED_ROWS = 2_000
_SUBJECT = "_subject"


class TrainStudent(Study):
    """Trains a small model and writes it to a folder; its rows tell what it says of each text it had not seen."""

    kind: Literal["student"] = "student"
    from_: str = Field(alias="from", description="the stage it learns from: votes, or annotations of one draw")
    column: str = Field("text", description="the column that holds the texts")
    experts: str | None = Field(None, description="the column with the labels of experts, to measure by")
    test: str | None = Field(None, description="a stage of other rows with labels of experts; never learnt from")
    model: str = Field(_DEFAULT, description="ngrams (a CPU, seconds), or path or name of a transformer to fine-tune")
    epochs: int = Field(5, ge=1, le=50, description="most passes of a transformer over the rows")
    learning_rate: float = Field(2e-5, gt=0, lt=1, description="of a transformer")
    seed: int = 0

    def inputs(self) -> tuple[str, ...]:
        return (self.from_, *([self.test] if self.test else []))

    def contract(self, inputs: Mapping[str, Contract]) -> Contract:
        if self.test and not self.experts:
            raise StageError("test", "needs `experts`, the column with the labels to test against")
        for name in self.inputs():
            for key, column in {"column": self.column, "experts": self.experts}.items():
                _check_text(key, column, name, inputs[name])
        find_label_column("from", self.from_, inputs[self.from_], Labelling(multiple=False), _ONE_LABEL)
        expert = [Column(self.experts, "text", "what experts say", nullable=True)] if self.experts else []
        return declare_contract([Column(self.column, "text"), *expert, *_COLUMNS], self.checks, self.description)

    def pictures(self, view: TableView) -> Iterator[Picture]:
        """Draw what it says of rows that it has not seen: by experts where there are any, else by its teacher."""
        from synth_assets.plots.label_plots import confusion_png

        judged_by = "experts" if self.experts else "the teacher"
        for part, name in {"train": "held out", "test": "test"}.items():
            sql = (
                f"SELECT '{name}' AS labels_of, 'confusion' AS measure, \"{self.experts or 'taught'}\" AS expert_label,"
                f" label, count(*) AS value FROM {view.table} WHERE part = '{part}' AND expert_label IS NOT NULL"
                " GROUP BY ALL"
            )
            yield f"confusion, {name}", confusion_png(view.rows(sql), name, judged_by)

    def rows(self, context: StudyContext) -> Iterator[Values | RowOutcome]:
        tests = list(_rows(context, self.test, "row_id")) if self.test else []
        unseen = {row.values[self.column] for row in tests}
        lessons: list[Row] = []
        for row in _rows(context, self.from_, subject_of(context.contracts[self.from_])):
            if row.values["label"] is None:
                yield RowOutcome(row, Rejection("there is no label to learn"))
            elif row.values[self.column] in unseen:
                yield RowOutcome(row, Rejection("the text is among the test rows"))
            else:
                lessons.append(row)
        yield from self._taught(context.folder, lessons, tests)

    def _taught(self, folder: Path, lessons: Sequence[Row], tests: Sequence[Row]) -> Iterator[Values]:
        trained = self._trained(folder, lessons)
        student = trained.student
        of_lessons = self._predictions("train", lessons, student.labels, trained.held_out)
        start = time.perf_counter()
        texts = [str(row.values[self.column]) for row in lessons[:_SPEED_ROWS]]
        student.probabilities(texts)
        speed = len(texts) / (time.perf_counter() - start)
        chances: Iterable[Any] = student.probabilities([str(row.values[self.column]) for row in tests]) if tests else ()
        of_tests = self._predictions("test", tests, student.labels, chances)
        summary = _TrainingSummary(student, trained.chosen, len(lessons), speed, self._measures(of_lessons, of_tests))
        self._write(folder, summary)
        yield from of_lessons
        yield from of_tests

    def _trained(self, folder: Path, rows: Sequence[Row]) -> Trained:
        given = TrainingExamples(
            [str(row.values[self.column]) for row in rows],
            [str(row.values["label"]) for row in rows],
            [_shares(row) for row in rows],
        )
        if self.model == _DEFAULT:
            trained = train(given, self.seed)
            save(cast(Any, trained.student), folder)
            return trained
        from synth_assets.students.transformer import TrainingSettings, fine_tune

        return fine_tune(given, TrainingSettings(self.model, self.epochs, self.learning_rate, self.seed), folder)

    def _predictions(
        self, part: str, rows: Sequence[Row], labels: Sequence[str], likely: Iterable[Any]
    ) -> list[dict[str, Json]]:
        found: list[dict[str, Json]] = []
        for row, chances in zip(rows, likely, strict=True):
            best = int(chances.argmax())
            expert = {self.experts: row.values[self.experts]} if self.experts else {}
            found.append(
                {
                    self.column: row.values[self.column],
                    **expert,
                    "part": part,
                    "label": labels[best],
                    "confidence": round(float(chances[best]), 6),
                    "taught": row.values["label"] if part == "train" else None,
                    "probabilities": {name: round(float(p), 6) for name, p in zip(labels, chances, strict=True)},
                    "subject": str(row.values[_SUBJECT]),
                    "annotator": f"student:{self.model}",
                    "parent_ids": [row.row_id],
                }
            )
        return found

    def _measures(self, lessons: Sequence[Values], tests: Sequence[Values]) -> list[dict[str, Json]]:
        """Return how often it agrees with the teacher and with experts, on rows that it had not seen."""
        sets = [("the teacher, held out", lessons, "taught"), ("experts, held out", lessons, self.experts or "")]
        measured: list[dict[str, Json]] = []
        for name, rows, column in [*sets, ("experts, test", tests, self.experts or "")]:
            pairs: dict[tuple[str, str], int] = {}
            for row in rows:
                if isinstance(answer := row.get(column), str):
                    pair = (answer, str(row["label"]))
                    pairs[pair] = pairs.get(pair, 0) + 1
            measured += [
                {"on": name, "measure": m.name, "label": m.label, "value": m.value, "low": m.low, "high": m.high,
                 "rows": m.rows, "method": m.method}
                for m in Confusion.of(pairs).measures()
                if m.low is not None
            ]  # fmt: skip
        return measured

    def _write(self, folder: Path, summary: "_TrainingSummary") -> None:
        kind = NGRAMS if self.model == _DEFAULT else TRANSFORMER
        about = {
            "model": self.model,
            "trained_rows": summary.rows,
            "trained_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "chosen": summary.chosen,
            "texts_per_s": round(summary.texts_per_s, 1),
            "measures": summary.measures,
        }
        save_description(folder, kind, summary.student.labels, about)
        what, how = _CARD[kind]
        card = prompt_file(__package__, "student.card.jinja").render(
            {
                "title": f"Student: {', '.join(summary.student.labels)}",
                "labels": summary.student.labels,
                "trained": summary.rows,
                "what": what.format(self.model),
                "how": how,
                "day": f"{datetime.now(UTC):%Y-%m-%d}",
                "description": self.description,
                "measures": summary.measures,
                "chosen": summary.chosen,
                "texts_per_s": summary.texts_per_s,
            }
        )
        (folder / "README.md").write_text(card, "utf-8")


@dataclass(frozen=True, slots=True)
class _TrainingSummary:
    """What the files in a student's folder say of it."""

    student: "Student"
    chosen: Mapping[str, Any]
    rows: int
    texts_per_s: float
    measures: list[dict[str, Json]]


_CARD = {
    NGRAMS: (
        "Logistic regression over word and letter n-grams.",
        "The strength of the fit was chosen by the same cross-validation",
    ),
    TRANSFORMER: (
        "Fine-tuned: {}.",
        "The epoch was chosen on a tenth of the training rows, from which it never learnt",
    ),
}
_COLUMNS = (
    Column("part", "text", "train: judged while held out; test: never learnt from", accepted=("train", "test")),
    Column("label", "text", "what the student says"),
    Column("confidence", "number", "how likely it finds that", minimum=0, maximum=1),
    Column("taught", "text", "what the teacher said, where it was learnt from", nullable=True),
    Column("probabilities", "json", "how likely it finds each label"),
    Column("subject", "text", "row_id of the row that the label is about"),
    Column("annotator", "text", "the student"),
)


def _shares(row: Row) -> Mapping[str, float]:
    """Return what part of the votes each label had; a person's verdict is no vote among others."""
    votes, label = row.values.get("said"), str(row.values["label"])
    if not isinstance(votes, list) or label not in votes or row.values.get("verdict_by") is not None:
        return {label: 1.0}
    return {str(name): count / len(votes) for name, count in Counter(votes).items()}


def _rows(context: StudyContext, table: str, subject: str) -> Iterator[Row]:
    for values in context.query(f'SELECT *, {subject} AS {_SUBJECT} FROM "{table}"'):
        own = {name: value for name, value in values.items() if name not in SYSTEM_COLUMNS}
        yield Row(str(values["row_id"]), own)


def _check_text(key: str, column: str | None, table: str, read: Contract) -> None:
    if column is not None and (found := find_column(key, column, table, read)).type != "text":
        raise StageError(key, f'"{column}" of "{table}" is {found.type}, not text')
