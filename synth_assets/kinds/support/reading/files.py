"""Reads local files row by row: JSON Lines, JSON, CSV and Parquet. A bad line is a reject with its location."""

import csv
import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias

from synth_assets.core.errors import RecipeError
from synth_assets.core.stage import Rejection
from synth_assets.kinds.support.reading.json_items import json_items

_BATCH_ROWS = 1_000


@dataclass(frozen=True, slots=True)
class FoundRow:
    """A row of a source. In a CSV file every value is `spelled` as text."""

    fields: Mapping[str, object]
    location: str
    spelled: bool = False

    def reject(self, reason: str, why: str = "") -> Rejection:
        """This row as a reject that says where it was found, and what it was."""
        shown = json.dumps(dict(self.fields), ensure_ascii=False, default=str)
        return Rejection(reason, " ".join(part for part in (f"{self.location}:", why, shown[:2000]) if part))


FoundOrReject: TypeAlias = "FoundRow | Rejection"


def number_rows(rows: Iterable[Mapping[str, object]], of: str) -> Iterator[FoundRow]:
    """Yield rows that have no location but their number."""
    for number, fields in enumerate(rows, start=1):
        yield FoundRow(fields, f"{of} row {number}")


def read_files(patterns: Sequence[str], folder: Path) -> Iterator[FoundOrReject]:
    """Yield the rows of the files that the patterns name, file after file in the order of their names."""
    for pattern in patterns:
        for path in _matches(pattern, folder):
            yield from _READERS[path.suffix.lower()](path, _shown(path, folder))


def check_pattern(pattern: str) -> None:
    """Raise ValueError where a pattern can name no file that is read here."""
    if Path(pattern).suffix.lower() not in _READERS:
        raise ValueError(f'"{pattern}" does not end in one of {", ".join(_READERS)}')


def _matches(pattern: str, folder: Path) -> list[Path]:
    whole = Path(pattern).expanduser()
    root, relative = (Path(whole.anchor), whole.relative_to(whole.anchor)) if whole.is_absolute() else (folder, whole)
    found = sorted(path for path in root.glob(str(relative)) if path.is_file())
    if not found:
        raise RecipeError(f"no file matches {pattern}", where="files", remedy=f"relative paths start from {folder}")
    return found


def _shown(path: Path, folder: Path) -> str:
    return str(path.relative_to(folder)) if path.is_relative_to(folder) else str(path)


def _read_jsonl(path: Path, shown: str) -> Iterator[FoundOrReject]:
    with path.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            if line.strip():
                yield _read_line(line, f"{shown}:{number}")


def _read_line(line: bytes, location: str) -> FoundOrReject:
    try:
        value = json.loads(line.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        return Rejection("line is not UTF-8", f"{location}: {error}")
    except (ValueError, RecursionError) as error:
        return Rejection("line is not JSON", f"{location}: {error}")
    return _as_row(value, location)


def _as_row(value: object, location: str) -> FoundOrReject:
    if isinstance(value, Mapping):
        return FoundRow(value, location)
    return Rejection("row is not an object", f"{location}: {str(value)[:200]}")


def _read_csv(path: Path, shown: str) -> Iterator[FoundOrReject]:
    csv.field_size_limit(sys.maxsize)  # a dialog in one cell is longer than the module's cautious default
    with path.open(encoding="utf-8-sig", newline="") as text:
        lines = csv.reader(text, strict=True)
        try:
            header = next(lines, [])
            for cells in lines:
                yield from _read_cells(header, cells, f"{shown}:{lines.line_num}")
        except (csv.Error, UnicodeDecodeError) as error:
            # Quotes no longer say where a row ends: what follows cannot be told apart.
            yield Rejection("file is not CSV from here on", f"{shown}:{lines.line_num}: {error}")


def _read_cells(header: list[str], cells: list[str], location: str) -> Iterator[FoundOrReject]:
    if len(cells) == len(header):
        yield FoundRow(dict(zip(header, cells, strict=True)), location, spelled=True)
    elif cells:
        yield Rejection("line has the wrong number of cells", f"{location}: {len(cells)}, the header has {len(header)}")


def _read_parquet(path: Path, shown: str) -> Iterator[FoundOrReject]:
    import pyarrow.parquet as pq
    from pyarrow import ArrowInvalid

    try:
        with pq.ParquetFile(path) as file:
            rows = (row for batch in file.iter_batches(_BATCH_ROWS) for row in batch.to_pylist())
            for number, row in enumerate(rows, start=1):
                yield FoundRow(row, f"{shown}:{number}")
    except ArrowInvalid as error:
        raise RecipeError(f"{shown} is not a Parquet file: {error}", where="files") from error


def _read_json(path: Path, shown: str) -> Iterator[FoundOrReject]:
    try:
        with path.open(encoding="utf-8-sig") as text:
            for number, (key, value) in enumerate(json_items(text), start=1):
                row = _as_row(value, f"{shown} item {number}")
                yield replace(row, fields={"key": key, **row.fields}) if key and isinstance(row, FoundRow) else row
    except (ValueError, RecursionError) as error:
        yield Rejection("file is not JSON from here on", f"{shown}: {error}")


_READERS = {".jsonl": _read_jsonl, ".json": _read_json, ".csv": _read_csv, ".parquet": _read_parquet}
