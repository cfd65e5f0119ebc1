"""What the doctor found, and every setting."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from synth_assets.cli.views.grids import grid

if TYPE_CHECKING:
    from rich.console import Console

    from synth_assets.cli.diagnostics import Finding

_SYMBOLS = {"ok": ("✓", "bold green"), "warn": ("!", "bold yellow"), "fail": ("✗", "bold red")}


def print_findings(console: "Console", findings: "Sequence[Finding]", settings: Sequence[tuple[str, str, str]]) -> None:
    """Print each finding with its remedy, then the settings."""
    from rich.table import Table
    from rich.text import Text

    table = Table.grid(padding=(0, 2, 0, 0))
    for column in ("mark", "name", "told"):
        table.add_column(overflow="fold", no_wrap=column != "told")
    for finding in findings:
        remedy = Text.assemble(("\n→ ", "cyan"), finding.remedy) if finding.remedy else Text()
        table.add_row(Text(*_SYMBOLS[finding.state]), Text(finding.name), Text(finding.told) + remedy)
    console.print(table)
    console.print()
    values = grid(("setting", "value", ""))
    for name, value, origin in settings:
        values.add_row(Text(name), Text(value), Text(origin, "dim" if origin == "default" else "bold"))
    console.print(values)
