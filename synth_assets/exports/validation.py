"""Judges every line of any training file, for `synth validate`."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from synth_assets.core.errors import RecipeError
from synth_assets.exports.training_lines import ChatJudge, LineFault, Size


@dataclass(frozen=True, slots=True)
class JudgedLine:
    """The size or the fault of one line; lines count from 1."""

    line: int
    result: Size | LineFault


@dataclass(frozen=True, slots=True)
class FileReport:
    """The sums over all lines of a file."""

    lines: int
    good: int
    characters: int
    tokens: int
    faults: Counter[str]


def judge_lines(path: Path) -> Iterator[JudgedLine]:
    """Judge the lines of a file in their order, reading one at a time."""
    try:
        file = path.open("rb")
    except OSError as error:
        raise RecipeError(f"the file cannot be read: {error.strerror}", where=str(path)) from error
    judge = ChatJudge()
    with file:
        for number, line in enumerate(file, start=1):
            yield JudgedLine(number, _judge(line, judge))


def summarize(judged: Iterable[JudgedLine]) -> FileReport:
    """Sum up the judged lines."""
    lines = good = characters = tokens = 0
    faults: Counter[str] = Counter()
    for lines, item in enumerate(judged, start=1):  # noqa: B007 - the last number is the count
        match item.result:
            case LineFault(reason):
                faults[reason] += 1
            case Size() as size:
                good += 1
                characters += size.characters
                tokens += size.tokens
    return FileReport(lines, good, characters, tokens, faults)


def _judge(line: bytes, judge: ChatJudge) -> Size | LineFault:
    if not line.strip():
        return LineFault("blank line")
    try:
        example = json.loads(line.decode(), parse_constant=_reject_constant)
    except UnicodeDecodeError as error:
        return LineFault("not UTF-8", f"byte {error.start + 1} of the line")
    except json.JSONDecodeError as error:
        return LineFault("not JSON", f"{error.msg} at character {error.colno}")
    except ValueError as error:
        return LineFault("not JSON", str(error))
    return judge.judge(example)


def _reject_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
