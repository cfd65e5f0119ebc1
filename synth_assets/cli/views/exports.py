"""Exports: what their files hold, where they are and what they cost."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from synth_assets.cli.views.grids import grid
from synth_assets.cli.views.records import print_fields
from synth_assets.cli.views.terminal import done, hint
from synth_assets.cli.views.words import count, moment, money, size

if TYPE_CHECKING:
    from rich.console import Console

    from synth_assets.cli.exporting import Export


def print_exports(console: "Console", exports: "Iterable[Export]") -> None:
    """Print each export."""
    for export in exports:
        manifest = export.manifest
        done(console, f"{manifest.recipe}.{manifest.stage} is in {export.folder}")
        table = grid(("file",), ("lines", "size"))
        for file in manifest.files:
            table.add_row(file.name, count(file.lines), size(file.bytes))
        console.print(table)
        rejects = ", ".join(f"{count(number)} × {reason}" for reason, number in manifest.rejects.items())
        fields = {
            "rows": f"{count(manifest.rows)} of {count(manifest.input_rows)}",
            "rejected": rejects or "none",
            "tokens": f"{count(manifest.tokens)} {manifest.tokenizer}".rstrip(),
            "teacher": f"{manifest.model} at {manifest.teacher}" if manifest.teacher else "none",
            "cost": money(manifest.cost_usd),
            "run": f"{manifest.run_id}, {moment(manifest.created_at)}",
            "snapshot": manifest.snapshot,
            "fingerprint": manifest.fingerprint,
        }
        print_fields(console, fields.items())
        if manifest.files:
            hint(console, f"synth trace {export.folder / manifest.files[0].name}:1")
