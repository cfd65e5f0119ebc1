"""`predict`: a trained student labels texts; its labels can be voted on and measured like a teacher's."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from synth_assets.core.canonical import Json
from synth_assets.core.contract import SYSTEM_COLUMNS, Column, Contract, Values
from synth_assets.core.stage import (
    Rejection,
    Row,
    RowOutcome,
    StageError,
    Study,
    StudyContext,
    declare_contract,
    find_column,
)
from synth_assets.students.storage import load, student_hash
from synth_assets.students.student import Student

_BATCH_ROWS = 2_000


class Predict(Study):
    """Labels texts with a student, in this process: nothing is asked and nothing is paid."""

    kind: Literal["predict"] = "predict"
    from_: str = Field(alias="from", description="the stage it reads")
    column: str = Field("text", description="the column that holds the texts")
    student: str | None = Field(None, description="the stage of this recipe that trains the student")
    model: str | None = Field(None, description="or the folder of a student, from the working folder")
    annotator: str | None = Field(None, description="the name it votes under")

    @model_validator(mode="after")
    def _one_student(self) -> "Predict":
        if (self.student is None) == (self.model is None):
            raise ValueError("give one of student (a stage) and model (a folder)")
        return self

    def inputs(self) -> tuple[str, ...]:
        return (self.from_, *([self.student] if self.student else []))

    def contract(self, inputs: Mapping[str, Contract]) -> Contract:
        read = inputs[self.from_]
        found = find_column("column", self.column, self.from_, read)
        if found.type != "text":
            raise StageError("column", f'"{self.column}" of "{self.from_}" is {found.type}, not text')
        for column in _COLUMNS:
            if column.name in read:
                raise StageError("from", f'"{self.from_}" has a column "{column.name}", which this stage makes')
        return declare_contract(read.with_columns(_COLUMNS).columns, self.checks, self.description)

    def fingerprint_fields(self) -> dict[str, Json]:
        """Add what is in the folder, so that another student makes other rows."""
        keys = super().fingerprint_fields()
        if self.model is not None and Path(self.model).is_dir():
            keys["student"] = student_hash(Path(self.model))
        return keys

    def rows(self, context: StudyContext) -> Iterator[Values | RowOutcome]:
        folder = Path(self.model) if self.model else context.folder.parents[1] / str(self.student) / "current"
        student = load(folder)
        batch: list[Row] = []
        for values in context.query(f'SELECT * FROM "{self.from_}"'):
            own = {name: value for name, value in values.items() if name not in SYSTEM_COLUMNS}
            batch.append(Row(str(values["row_id"]), own))
            if len(batch) >= _BATCH_ROWS:
                yield from self._labelled(student, batch)
                batch = []
        yield from self._labelled(student, batch)

    def _labelled(self, student: Student, rows: list[Row]) -> Iterator[RowOutcome]:
        texts = [str(row.values[self.column] or "") for row in rows]
        name = self.annotator or f"student:{self.student or Path(str(self.model)).name}"
        for row, text, chances in zip(rows, texts, student.probabilities(texts) if rows else (), strict=True):
            if not text.strip():
                yield RowOutcome(row, Rejection("there is no text to label"))
                continue
            best = int(chances.argmax())
            prediction: dict[str, Json] = {"label": student.labels[best], "confidence": round(float(chances[best]), 6)}
            yield RowOutcome(row, {**row.values, **prediction, "reason": None, "draw": 0, "annotator": name})


_COLUMNS = (
    Column("label", "text", "what the student says"),
    Column("confidence", "number", "how likely it finds that", minimum=0, maximum=1),
    Column("reason", "text", "none: a student gives no reasons", nullable=True),
    Column("draw", "integer", "always 0"),
    Column("annotator", "text", "the student"),
)
