"""The answer to a query: its rows as they fit, and how many they are."""

from typing import TYPE_CHECKING

from synth_assets.cli.view.records import print_records
from synth_assets.cli.view.words import count, some

if TYPE_CHECKING:
    from rich.console import Console

    from synth_assets.cli.answers import Answer


def print_answer(console: "Console", answer: "Answer") -> None:
    """The rows, and how many there are."""
    print_records(console, answer.names, answer.rows)
    rows = len(answer.rows)
    told = f"the first {count(rows)} rows; --format csv gives all" if answer.more else some(rows, "row")
    console.print(told, style="dim")
