"""Judges every line of a training file that anyone wrote, for `synth validate`."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from synth_assets.core.errors import RecipeError
from synth_assets.exports.training_lines import ChatJudge, LineFault, Size


@dataclass(frozen=True, slots=True)
class JudgedLine:
    """What was found of one line; lines count from 1."""

    line: int
    found: Size | LineFault


@dataclass(frozen=True, slots=True)
class FileReport:
    """What was found of a whole file."""

    lines: int
    good: int
    characters: int
    tokens: int
    faults: Counter[str]


def judged_lines(path: Path) -> Iterator[JudgedLine]:
    """What each line is worth, in their order; the file is read a line at a time."""
    try:
        file = path.open("rb")
    except OSError as error:
        raise RecipeError(f"the file cannot be read: {error.strerror}", where=str(path)) from error
    judge = ChatJudge()
    with file:
        for number, line in enumerate(file, start=1):
            yield JudgedLine(number, _judge(line, judge))


def summarize(judged: Iterable[JudgedLine]) -> FileReport:
    """The sum of what was found of the lines."""
    lines = good = characters = tokens = 0
    faults: Counter[str] = Counter()
    for lines, item in enumerate(judged, start=1):  # noqa: B007 - the last number is the count
        match item.found:
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
        example = json.loads(line.decode(), parse_constant=_no_constant)
    except UnicodeDecodeError as error:
        return LineFault("not UTF-8", f"byte {error.start + 1} of the line")
    except json.JSONDecodeError as error:
        return LineFault("not JSON", f"{error.msg} at character {error.colno}")
    except ValueError as error:
        return LineFault("not JSON", str(error))
    return judge.judge(example)


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
