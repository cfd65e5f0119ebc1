"""The kind `chat_jsonl`: dialogs become training files in the chat format, each line traceable to its row."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Literal

from pydantic import Field

from synth_assets.core.canonical import Json
from synth_assets.core.contract import Contract
from synth_assets.core.stage import Rejection, Row, RowOutcome, Sink, StageError, declare_contract, find_column
from synth_assets.exports.tokenizer import import_tokenizer
from synth_assets.exports.training_files import TrainingFiles, WrittenLine
from synth_assets.exports.training_lines import LineFault
from synth_assets.kinds.support.export_lines import COLUMNS, values_of


class ChatJsonl(Sink):
    """Writes `train.jsonl` and `validation.jsonl`; its table tells of every line of theirs."""

    kind: Literal["chat_jsonl"] = "chat_jsonl"
    column: str = Field("messages", description="the column that holds the dialogs")
    validation: float = Field(0.05, ge=0, lt=1, description="share of the rows kept out of training")
    format: Literal["mistral"] = Field("mistral", description='{"messages": [{"role", "content"}]}')

    def contract(self, inputs: Mapping[str, Contract]) -> Contract:
        upstream = inputs[self.from_]
        found = find_column("column", self.column, self.from_, upstream).type
        if found != "dialog":
            raise StageError("column", f'"{self.column}" of "{self.from_}" is {found}, not dialog')
        return declare_contract(COLUMNS, self.checks, self.description or "The lines of the training files.")

    def prepare(self) -> None:
        import_tokenizer()

    def write(self, rows: Iterator[Row], folder: Path) -> Iterator[RowOutcome]:
        with TrainingFiles(folder, self.validation) as files:
            for row in rows:
                match files.add(row.row_id, {"messages": _plain(row.values[self.column])}):
                    case LineFault(reason, detail):
                        yield RowOutcome(row, Rejection(reason, detail))
                    case WrittenLine() as placed:
                        yield RowOutcome(row, values_of(placed))


def _plain(dialog: Json) -> Json:
    """Return a dialog as JSON. What the lake fills with NULL was never said, so it is left out."""
    if not isinstance(dialog, Sequence) or isinstance(dialog, str):
        return dialog
    return [_plain_message(message) for message in dialog]


def _plain_message(message: Json) -> Json:
    if not isinstance(message, Mapping):
        return message
    return {name: value for name, value in message.items() if value is not None}
