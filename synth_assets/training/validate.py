"""Judges every line of a training file that anyone wrote, for `synth validate`."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from synth_assets.core.errors import RecipeError
from synth_assets.training.chat_line import ChatJudge, Fault, Size


@dataclass(frozen=True, slots=True)
class Judged:
    """What was found of one line; lines count from 1."""

    line: int
    found: Size | Fault


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found of a whole file."""

    lines: int
    good: int
    characters: int
    tokens: int
    faults: Counter[str]


def judged_lines(path: Path) -> Iterator[Judged]:
    """What each line is worth, in their order; the file is read a line at a time."""
    try:
        file = path.open("rb")
    except OSError as error:
        raise RecipeError(f"the file cannot be read: {error.strerror}", where=str(path)) from error
    judge = ChatJudge()
    with file:
        for number, line in enumerate(file, start=1):
            yield Judged(number, _judge(line, judge))


def verdict(judged: Iterable[Judged]) -> Verdict:
    """The sum of what was found of the lines."""
    lines = good = characters = tokens = 0
    faults: Counter[str] = Counter()
    for lines, item in enumerate(judged, start=1):  # noqa: B007 - the last number is the count
        match item.found:
            case Fault(reason):
                faults[reason] += 1
            case Size() as size:
                good += 1
                characters += size.characters
                tokens += size.tokens
    return Verdict(lines, good, characters, tokens, faults)


def _judge(line: bytes, judge: ChatJudge) -> Size | Fault:
    if not line.strip():
        return Fault("blank line")
    try:
        example = json.loads(line.decode(), parse_constant=_no_constant)
    except UnicodeDecodeError as error:
        return Fault("not UTF-8", f"byte {error.start + 1} of the line")
    except json.JSONDecodeError as error:
        return Fault("not JSON", f"{error.msg} at character {error.colno}")
    except ValueError as error:
        return Fault("not JSON", str(error))
    return judge.judge(example)


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
