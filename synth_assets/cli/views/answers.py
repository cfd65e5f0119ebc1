"""The answer to a query: its rows as they fit, and how many they are."""

from typing import TYPE_CHECKING

from synth_assets.cli.views.records import print_records
from synth_assets.cli.views.words import count, some

if TYPE_CHECKING:
    from rich.console import Console

    from synth_assets.cli.answers import QueryResult


def print_answer(console: "Console", answer: "QueryResult") -> None:
    """Print the rows, and how many there are."""
    print_records(console, answer.names, answer.rows)
    rows = len(answer.rows)
    message = f"the first {count(rows)} rows; --format csv gives all" if answer.more else some(rows, "row")
    console.print(message, style="dim")
