"""Writes train.jsonl and validation.jsonl: only good lines, each in a split that its row id decides."""

import hashlib
import json
import os
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Literal, Protocol

from synth_assets.core.canonical import Json, content_hash
from synth_assets.exports.training_lines import ChatJudge, LineFault, Size

Split = Literal["train", "validation"]


@dataclass(frozen=True, slots=True)
class WrittenLine:
    """Where a line is, and a hash by which it is found in copies of the file."""

    file: str
    line: int
    split: Split
    line_hash: str
    size: Size


def split_of(row_id: str, validation: float) -> Split:
    """Return the split of a row. Its id alone decides, so no other row, no order and no rerun can move it."""
    fraction = int(content_hash("split/1", row_id)[:16], 16) / 2**64
    return "validation" if fraction < validation else "train"


def line_hash(line: bytes) -> str:
    """Return the sha256 of a line without its end, by which it is found in copies of the file."""
    return hashlib.sha256(line.rstrip(b"\r\n")).hexdigest()


def encode_line(example: Mapping[str, Json]) -> bytes:
    """Encode a line for a file; only its last character is one that readers take for the end of a line."""
    text = json.dumps(example, ensure_ascii=False, allow_nan=False, separators=(", ", ": "))
    return text.translate(_LINE_ENDS).encode() + b"\n"


_LINE_ENDS = {code: f"\\u{code:04x}" for code in (0x85, 0x2028, 0x2029)}


class LineJudge(Protocol):
    """Judges the lines of one kind of training file."""

    def judge(self, example: Mapping[str, Json], /) -> Size | LineFault:
        """Return the size of a good line, or what is wrong with it."""


class TrainingFiles:
    """Writes the files of one export, a line at a time; a context manager. Without a judge the lines are dialogs."""

    def __init__(self, folder: Path, validation: float, judge: LineJudge | None = None) -> None:
        self._folder = folder
        self._validation = validation
        self._judge = judge or ChatJudge()
        self._open = ExitStack()
        self._files: dict[Split, BinaryIO] = {}
        self._lines: dict[Split, int] = {}

    def __enter__(self) -> "TrainingFiles":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._open:
            for file in self._files.values():
                file.flush()
                os.fsync(file.fileno())

    def add(self, row_id: str, example: Mapping[str, Json]) -> WrittenLine | LineFault:
        """Write a line if it is good. A split without lines makes no file."""
        size = self._judge.judge(example)
        if isinstance(size, LineFault):
            return size
        split = split_of(row_id, self._validation)
        line = encode_line(example)
        self._file(split).write(line)
        self._lines[split] = number = self._lines.get(split, 0) + 1
        return WrittenLine(_name(split), number, split, line_hash(line), size)

    def _file(self, split: Split) -> BinaryIO:
        if split not in self._files:
            file = (self._folder / _name(split)).open("xb")
            self._files[split] = self._open.enter_context(file)
        return self._files[split]


def _name(split: Split) -> str:
    return f"{split}.jsonl"
