"""The lake: tables in DuckLake, with snapshots. The only package that imports duckdb."""

from synth_assets.lake.care import CareReport
from synth_assets.lake.commit import Append, Change, Drop, Replace, View
from synth_assets.lake.lake import Lake, open_lake
from synth_assets.lake.names import arrow_schema, as_of, duckdb_type, quoted_text, quoted_texts
from synth_assets.lake.publish import PublishReport
from synth_assets.lake.reader import Reader
from synth_assets.lake.snapshots import CommitInfo, Snapshot
from synth_assets.lake.values import to_rows
from synth_assets.lake.writer import Writer

__all__ = [
    "Append",
    "CareReport",
    "Change",
    "CommitInfo",
    "Drop",
    "Lake",
    "PublishReport",
    "Reader",
    "Replace",
    "Snapshot",
    "View",
    "Writer",
    "arrow_schema",
    "as_of",
    "duckdb_type",
    "open_lake",
    "quoted_text",
    "quoted_texts",
    "to_rows",
]
