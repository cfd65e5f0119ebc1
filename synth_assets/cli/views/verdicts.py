"""Checks that did not pass, and the rows that failed them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from synth_assets.cli.views.records import print_fields, print_title
from synth_assets.cli.views.terminal import failed, warned

if TYPE_CHECKING:
    from rich.console import Console

    from synth_assets.engine import CheckResult

FAILING_ROWS = 5


def print_verdicts(console: "Console", verdicts: "Sequence[CheckResult]") -> None:
    """Print each check that did not pass, and the first rows that failed it."""
    for verdict in verdicts:
        if verdict.passed:
            continue
        (failed if verdict.blocking else warned)(console, f"{verdict.name}: {verdict.description}")
        for index, row in enumerate(verdict.failing[:FAILING_ROWS], start=1):
            print_title(console, f"failing row {index}")
            print_fields(console, row.items())
        if len(verdict.failing) > FAILING_ROWS:
            console.print(f"  … and {len(verdict.failing) - FAILING_ROWS} more", style="dim")
