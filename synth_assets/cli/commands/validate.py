"""`synth validate`: judges every line of a training file, and says which are no good and why."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from synth_assets.cli.options import json_option

if TYPE_CHECKING:
    from synth_assets.exports.validation import FileReport, JudgedLine

SECTION = "Look into it"
POSITION = 5


@click.command("validate")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--faults", "most", type=click.IntRange(1), default=50, show_default=True, help="Faulty lines to show.")
@json_option
@click.pass_context
def command(ctx: click.Context, file: Path, most: int, as_json: bool) -> None:
    """Judge every line of a training file.

    FILE is JSONL of chat dialogs; each line is judged as a fine-tuning service would, and stricter. The exit code is
    1 if a line is no good, or there is none.
    """
    found = judge(file, most)
    _print_json(found) if as_json else _print(file, found)
    ctx.exit(0 if found.is_good else 1)


@dataclass(frozen=True, slots=True)
class ValidationSummary:
    """What was found of a file: the sum, and its first faulty lines."""

    verdict: "FileReport"
    faulty: list[tuple[int, str, str]]

    @property
    def is_good(self) -> bool:
        """Whether the file can be trained on."""
        return self.verdict.lines > 0 and not self.verdict.faults


def judge(file: Path, most: int) -> ValidationSummary:
    """Judges a file in bounded memory; the first `most` faulty lines are kept as (line, reason, detail)."""
    from synth_assets.exports.training_lines import LineFault
    from synth_assets.exports.validation import judge_lines, summarize

    faulty: list[tuple[int, str, str]] = []

    def noting() -> "Iterator[JudgedLine]":
        for judged in judge_lines(file):
            if isinstance(judged.result, LineFault) and len(faulty) < most:
                faulty.append((judged.line, judged.result.reason, judged.result.detail))
            yield judged

    return ValidationSummary(summarize(noting()), faulty)


def _print_json(found: ValidationSummary) -> None:
    from synth_assets.cli.views.terminal import print_json

    faulty = [{"line": line, "reason": reason, "detail": detail} for line, reason, detail in found.faulty]
    print_json({"good": found.is_good, "verdict": found.verdict, "faulty": faulty})


def _print(file: Path, found: ValidationSummary) -> None:
    from rich.table import Table

    from synth_assets.cli.views.terminal import done, failed, out
    from synth_assets.cli.views.words import count, safe, some

    console, verdict = out(), found.verdict
    if found.faulty:
        table = Table("line", "fault", "in detail", box=None, pad_edge=False, header_style="dim")
        for line, reason, detail in found.faulty:
            table.add_row(str(line), reason, safe(detail))
        console.print(table, "")
        for reason, number in verdict.faults.most_common():
            console.print(f"{count(number):>9}  {reason}")
        console.print()
    if not verdict.lines:
        failed(console, f"{file} holds no line")
    elif verdict.faults:
        failed(console, f"{some(verdict.faults.total(), 'line')} of {count(verdict.lines)} cannot be trained on")
    else:
        done(console, f"{some(verdict.lines, 'line')}, {some(verdict.tokens, 'token')}: all can be trained on")
