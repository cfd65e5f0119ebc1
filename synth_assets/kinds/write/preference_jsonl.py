"""`preference_jsonl`: prompts with a chosen and a rejected answer become training files for DPO and its kin."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Literal

from pydantic import Field

from synth_assets.core.canonical import Json
from synth_assets.core.contract import Contract
from synth_assets.core.prompt import Template, check_template
from synth_assets.core.stage import Reject, Rejection, Row, RowOutcome, Sink, declare_contract
from synth_assets.exports.tokenizer import import_tokenizer
from synth_assets.exports.training_files import TrainingFiles, WrittenLine
from synth_assets.exports.training_lines import SIDES, LineFault, PreferenceJudge
from synth_assets.kinds.support.asking.prompts import check_type, fill_template
from synth_assets.kinds.support.export_lines import COLUMNS, values_of


class PreferenceJsonl(Sink):
    """Writes `train.jsonl` and `validation.jsonl` of preferences; its table tells of every line of theirs."""

    kind: Literal["preference_jsonl"] = "preference_jsonl"
    prompt: Template = Field("{{ question }}", min_length=1, description="what the user said; a template")
    chosen: str = Field("chosen", description="the column with the better answer")
    rejected: str = Field("rejected", description="the column with the worse one")
    validation: float = Field(0.05, ge=0, lt=1, description="share of the rows kept out of training")
    format: Literal["trl"] = Field("trl", description='{"prompt": […], "chosen": […], "rejected": […]}, of messages')

    def contract(self, inputs: Mapping[str, Contract]) -> Contract:
        read = inputs[self.from_]
        check_template("prompt", self.prompt, read)
        for key in SIDES:
            check_type(key, getattr(self, key), self.from_, read, ("text",))
        return declare_contract(COLUMNS, self.checks, self.description or "The lines of the training files.")

    def prepare(self) -> None:
        import_tokenizer()

    def write(self, rows: Iterator[Row], folder: Path) -> Iterator[RowOutcome]:
        with TrainingFiles(folder, self.validation, PreferenceJudge()) as files:
            for row in rows:
                match self._placed(files, row):
                    case LineFault(reason, detail):
                        yield RowOutcome(row, Rejection(reason, detail))
                    case Rejection() as rejection:
                        yield RowOutcome(row, rejection)
                    case WrittenLine() as placed:
                        yield RowOutcome(row, values_of(placed))

    def _placed(self, files: TrainingFiles, row: Row) -> WrittenLine | LineFault | Rejection:
        if any(row.values[getattr(self, key)] is None for key in SIDES):
            return Rejection("no answer is better")
        try:
            prompt = fill_template(self.prompt, row.values)
        except Reject as reject:
            return reject.rejection
        line: dict[str, Json] = {"prompt": [{"role": "user", "content": prompt}]}
        for key in SIDES:
            line[key] = [{"role": "assistant", "content": row.values[getattr(self, key)]}]
        return files.add(row.row_id, line)
