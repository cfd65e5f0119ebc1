"""What was done for the lake, its snapshots, and what was published."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from synth_assets.cli.views.grids import grid
from synth_assets.cli.views.terminal import done, hint
from synth_assets.cli.views.words import moment, safe, size, some

if TYPE_CHECKING:
    from rich.console import Console

    from synth_assets.engine.care import CareSummary
    from synth_assets.lake import Snapshot
    from synth_assets.lake.publish import PublishReport


def print_care(console: "Console", cared: "CareSummary") -> None:
    """Print what care did, also where that is nothing."""
    lake = cared.lake
    items = [
        (len(lake.compacted), f"{some(len(lake.compacted), 'table')} compacted"),
        (lake.snapshots_expired, f"{some(lake.snapshots_expired, 'snapshot')} expired"),
        (lake.files_deleted, f"{some(lake.files_deleted, 'file')} of expired snapshots deleted"),
        (lake.orphans_deleted, f"{some(lake.orphans_deleted, 'file')} of killed processes deleted"),
        (len(cared.exports_deleted), f"{some(len(cared.exports_deleted), 'export')} of killed runs deleted"),
        (cared.replies_taken_up, f"{some(cared.replies_taken_up, 'reply', 'replies')} of killed runs taken up"),
    ]
    for number, line in items:
        if number:
            done(console, line)
    freed = f", {size(lake.bytes_freed)} freed" if lake.bytes_freed else ""
    kept = some(len(cared.snapshots_kept), "snapshot")
    done(console, f"the lake is in order{freed}; {kept} kept for tables and exports")


def print_snapshots(console: "Console", snapshots: "Sequence[Snapshot]", most: int) -> None:
    """Print the newest snapshots, oldest first."""
    table = grid(("snapshot", "time", "what", "run"))
    table.columns[0].justify = "right"
    for each in snapshots[-most:]:
        run = each.about.run_id if each.about else ""
        table.add_row(str(each.id), moment(each.time), safe(each.message or ", ".join(each.changes)), run)
    console.print(table)
    if len(snapshots) > most:
        console.print(f"the newest {most} of {len(snapshots)}; --rows {len(snapshots)} lists all", style="dim")


def print_published(console: "Console", report: "PublishReport") -> None:
    """Print where the file is and what is in it."""
    message = f"{some(len(report.tables), 'table')}, {some(report.rows, 'row')}, {size(report.bytes)}"
    done(console, f"{report.path}: {message}, as of snapshot {report.snapshot}")
    hint(console, f"duckdb {report.path}")
