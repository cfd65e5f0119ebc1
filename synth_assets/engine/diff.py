"""Compares a table at two snapshots, matched by row id; or training files, matched by what their users say."""

import json
from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Any, Literal

from synth_assets.core.contract import SYSTEM_COLUMNS
from synth_assets.core.errors import LakeError, SynthError
from synth_assets.lake import Lake
from synth_assets.lake.names import quoted_column, quoted_table


@dataclass(frozen=True, slots=True)
class Version:
    """A table at a snapshot; None is the newest."""

    table: str
    at: int | None = None

    def __str__(self) -> str:
        return self.table if self.at is None else f"{self.table}@{self.at}"


@dataclass(frozen=True, slots=True)
class Change:
    """One difference: the row or line, and what it held on either side (nothing where it was not there)."""

    what: Literal["added", "removed", "changed"]
    name: str
    before: Mapping[str, Any]
    after: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Difference:
    """How two tables or files differ: the counts, and the first changes."""

    a: str
    b: str
    same: int
    added: int
    removed: int
    changed: int
    columns_added: tuple[str, ...] = ()
    columns_removed: tuple[str, ...] = ()
    first: tuple[Change, ...] = ()

    @property
    def any(self) -> bool:
        """Whether there is a difference at all."""
        return bool(self.added or self.removed or self.changed or self.columns_added or self.columns_removed)


def diff_tables(lake: Lake, a: Version, b: Version, most: int) -> Difference:
    """How the rows of `b` differ from those of `a`; the first `most` differences of each sort are returned in full."""
    existing = [_value_columns(lake, version) for version in (a, b)]
    shared = [name for name in existing[0] if name in existing[1]]
    differ = " OR ".join(f"a.{quoted_column(name)} IS DISTINCT FROM b.{quoted_column(name)}" for name in shared)
    both = f"FROM {_read(a)} a FULL JOIN {_read(b)} b ON a.row_id = b.row_id"
    what = (
        "CASE WHEN a.row_id IS NULL THEN 'added' WHEN b.row_id IS NULL THEN 'removed'"
        f" WHEN {differ or 'false'} THEN 'changed' ELSE 'same' END"
    )
    counts = {
        row["what"]: row["rows"] for row in lake.rows(f"SELECT {what} AS what, count(*) AS rows {both} GROUP BY 1")
    }
    rows = lake.rows(
        f"SELECT {what} AS what, coalesce(a.row_id, b.row_id) AS id, a, b {both} WHERE what <> 'same'"
        f" QUALIFY row_number() OVER (PARTITION BY what ORDER BY id) <= {most:d} ORDER BY what DESC, id"
    )
    return Difference(
        str(a),
        str(b),
        **{name: counts.get(name, 0) for name in ("same", "added", "removed", "changed")},
        columns_added=tuple(name for name in existing[1] if name not in shared),
        columns_removed=tuple(name for name in existing[0] if name not in shared),
        first=tuple(_row_change(row) for row in rows),
    )


def _value_columns(lake: Lake, version: Version) -> list[str]:
    columns = lake.columns(version.table, version.at)
    if "row_id" not in columns:
        raise LakeError("its rows have no ids, so they cannot be matched", where=version.table)
    return [name for name in columns if name not in SYSTEM_COLUMNS]


def _read(version: Version) -> str:
    at = "" if version.at is None else f" AT (VERSION => {version.at:d})"
    return f"(FROM {quoted_table(version.table)}{at})"


def _row_change(row: Mapping[str, Any]) -> Change:
    what = row["what"]
    before, after = (
        _values(row[side]) if what != missing else {} for side, missing in (("a", "added"), ("b", "removed"))
    )
    return Change(what, row["id"], before, after)


def _values(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in SYSTEM_COLUMNS}


@dataclass(frozen=True, slots=True)
class _Line:
    """A line of a file: a hash of its bytes, and one of what its users say."""

    number: int
    digest: bytes
    question: bytes | None
    offset: int


def diff_files(a: Path, b: Path, most: int) -> list[Difference]:
    """Return how files of `b` differ from those of `a` of the same name, or two files from each other."""
    if a.is_file() and b.is_file():
        return [_diff_file(a, b, most)]
    for folder in (a, b):
        if not folder.is_dir():
            raise SynthError("this is no folder, and the other is one", where=str(folder))
    names = sorted({path.name for folder in (a, b) for path in folder.glob("*.jsonl")})
    if not names:
        raise SynthError("neither folder holds a .jsonl file", where=f"{a} and {b}")
    return [_diff_file(a / name, b / name, most) for name in names]


def _diff_file(a: Path, b: Path, most: int) -> Difference:
    before, after = (_lines(path) if path.exists() else [] for path in (a, b))
    kept = Counter(line.digest for line in before) & Counter(line.digest for line in after)
    removed, added = _others(before, kept), _others(after, kept)
    changed = list(_pairs(removed, added))
    gone, fresh = ({line.number for line in pair} for pair in zip(*changed, strict=True)) if changed else (set(), set())
    removed = [line for line in removed if line.number not in gone]
    added = [line for line in added if line.number not in fresh]
    first = [
        *(Change("removed", f"{a.name}:{line.number}", _read_line(a, line), {}) for line in removed[:most]),
        *(
            Change("changed", f"{b.name}:{new.number}", _read_line(a, old), _read_line(b, new))
            for old, new in changed[:most]
        ),
        *(Change("added", f"{b.name}:{line.number}", {}, _read_line(b, line)) for line in added[:most]),
    ]
    same = sum(kept.values())
    return Difference(str(a), str(b), same, len(added), len(removed), len(changed), first=tuple(first))


def _lines(path: Path) -> list[_Line]:
    lines, offset = [], 0
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                lines.append(_Line(number, sha256(line.rstrip(b"\r\n")).digest(), _hash_questions(line), offset))
                offset += len(line)
    except OSError as error:
        raise SynthError(f"it cannot be read: {error.strerror}", where=str(path)) from error
    return lines


def _hash_questions(line: bytes) -> bytes | None:
    """Return a hash of what is not the assistant's: it names a dialog whose answers were made anew."""
    try:
        turns = json.loads(line)["messages"]
        items = [[turn["role"], turn["content"]] for turn in turns if turn["role"] != "assistant"]
    except (ValueError, LookupError, TypeError):
        return None
    return sha256(json.dumps(items).encode()).digest()


def _others(lines: Iterable[_Line], kept: Counter[bytes]) -> list[_Line]:
    """Return the lines that the other file does not have, or not as often."""
    left, others = Counter(kept), []
    for line in lines:
        if left[line.digest]:
            left[line.digest] -= 1
        else:
            others.append(line)
    return others


def _pairs(removed: Sequence[_Line], added: Sequence[_Line]) -> Iterator[tuple[_Line, _Line]]:
    """Yield lines that are the same dialog answered anew; of other lines, those with the same number."""
    waiting: defaultdict[bytes | int, deque[_Line]] = defaultdict(deque)
    for line in added:
        waiting[line.number if line.question is None else line.question].append(line)
    for line in removed:
        found = waiting[line.number if line.question is None else line.question]
        if found:
            yield line, found.popleft()


def _read_line(path: Path, line: _Line) -> Mapping[str, Any]:
    with path.open("rb") as file:
        file.seek(line.offset)
        text = next(islice(file, 1)).decode("utf-8", "replace").rstrip("\r\n")
    try:
        value = json.loads(text)
    except ValueError:
        value = None
    return value if isinstance(value, dict) else {"line": text}
