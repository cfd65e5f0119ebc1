"""Describes snapshots: what the lake remembers of each commit, and who made it."""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime

from synth_assets.core.canonical import Json, canonical_json
from synth_assets.core.contract import WHOLE

_TOKEN_START = re.compile(r"\{(?=[^\"}])")


@dataclass(frozen=True, slots=True)
class CommitInfo:
    """Who commits, and what it is part of; kept with the snapshot."""

    run_id: str
    recipe: str
    stage: str
    partition_key: str = WHOLE
    fingerprint: str = ""
    message: str = ""
    extra: Mapping[str, Json] = field(default_factory=dict)

    def to_text(self) -> str:
        """Return it as JSON. A brace inside a text is escaped: DuckLake would take it for one of its tokens."""
        return _TOKEN_START.sub(r"\\u007b", canonical_json(asdict(self)))


def read_commit_info(text: str | None) -> CommitInfo | None:
    """Parse the text of a commit; None where something else than this lake made it."""
    try:
        fields = json.loads(text or "null")
    except json.JSONDecodeError:
        return None
    if not isinstance(fields, dict) or not {"run_id", "recipe", "stage"} <= fields.keys():
        return None
    return CommitInfo(**{name: fields[name] for name in CommitInfo.__slots__ if name in fields})


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One commit: `changes` maps what was done to the tables it was done to."""

    id: int
    time: datetime
    author: str | None
    message: str | None
    about: CommitInfo | None
    changes: Mapping[str, tuple[str, ...]]
