"""Cleans up what runs leave behind: snapshots that nothing needs, exports of killed runs, unclaimed replies."""

import shutil
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from synth_assets.engine import export_folders
from synth_assets.engine.commit.commits import decode_inputs
from synth_assets.engine.ledger import writer
from synth_assets.engine.tables import COMMITS
from synth_assets.lake import Lake
from synth_assets.lake.care import CareReport
from synth_assets.settings import Settings

DAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class CareSummary:
    """What care did: to the lake, to the folder of exports, and to replies whose process is gone."""

    lake: CareReport
    snapshots_kept: tuple[int, ...]
    exports_deleted: tuple[Path, ...]
    replies_taken_up: int


def care(lake: Lake, settings: Settings, older_than_s: float = 7 * DAY_S) -> CareSummary:
    """Cleans up. Rows of tables as they are now, and of exports that are there, can be traced afterwards as before."""
    used = writer.recover_journal(lake, settings.journal)
    committed = _exports_of(lake, settings.exports)
    keep = snapshots_to_keep(lake, settings.exports)
    report = lake.care(keep_snapshots=keep, older_than_s=older_than_s)
    deleted = tuple(export_folders.find_orphans(settings.exports, set(map(str, committed)), min(older_than_s, DAY_S)))
    for folder in deleted:
        shutil.rmtree(folder)
    return CareSummary(report, tuple(sorted(keep)), deleted, used)


def _exports_of(lake: Lake, folder: Path) -> set[Path]:
    """Return the folders that commits speak of, wherever the home has been moved since."""
    rows = lake.rows(f"SELECT DISTINCT folder FROM {COMMITS} WHERE folder IS NOT NULL")
    return {export_folders.relocate(row["folder"], folder) for row in rows}


def snapshots_to_keep(lake: Lake, folder: Path) -> set[int]:
    """Return the snapshots at which a table or an export was made, and those at which what they were made from was."""
    history = _History(lake)
    keep: set[int] = set()
    for commit in history.newest():
        history.follow(commit, keep)
    for commit in history.all():
        if commit["folder"] is not None and export_folders.relocate(commit["folder"], folder).is_dir():
            history.follow(commit, keep)
    return keep


class _History:
    """The commits of the lake, each with the snapshot it made, where that is still kept."""

    def __init__(self, lake: Lake) -> None:
        snapshots = {
            (each.about.run_id, each.about.recipe, each.about.stage, each.about.partition_key): each.id
            for each in lake.snapshots()
            if each.about is not None
        }
        self._commits: dict[str, dict[str, list[dict[str, Any]]]] = defaultdict(lambda: defaultdict(list))
        for row in lake.rows(
            f"SELECT run_id, recipe, stage, partition_key, serial, inputs, folder FROM {COMMITS} ORDER BY serial"
        ):
            made = snapshots.get((row["run_id"], row["recipe"], row["stage"], row["partition_key"]))
            self._commits[f"{row['recipe']}.{row['stage']}"][row["partition_key"]].append({**row, "snapshot": made})
        self._followed: set[tuple[str, int]] = set()

    def all(self) -> Iterator[Mapping[str, Any]]:
        """Return every commit."""
        return (commit for parts in self._commits.values() for commits in parts.values() for commit in commits)

    def newest(self) -> Iterator[Mapping[str, Any]]:
        """Return what each table and partition holds now."""
        return (commits[-1] for parts in self._commits.values() for commits in parts.values())

    def follow(self, commit: Mapping[str, Any], keep: set[int]) -> None:
        """Keeps the snapshot of a commit, those it read, and so on to the sources."""
        if commit["snapshot"] is not None:
            keep.add(commit["snapshot"])
        for table, at in decode_inputs(commit).items():
            keep.add(at)
            if (table, at) not in self._followed:
                self._followed.add((table, at))
                for before in self._as_of(table, at):
                    self.follow(before, keep)

    def _as_of(self, table: str, at: int) -> Iterator[Mapping[str, Any]]:
        """The commits that a table consisted of at a snapshot; one whose snapshot is gone is older than all others."""
        for commits in self._commits[table].values() if table in self._commits else ():
            existing = [commit for commit in commits if (commit["snapshot"] or 0) <= at]
            if existing:
                yield existing[-1]
