"""Rows as they are found outside: their fields, and the place to name when one is wrong."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from synth_assets.core.stage import Reject


@dataclass(frozen=True, slots=True)
class Found:
    """A row of a source. In a CSV file every value is `spelled` as text."""

    fields: Mapping[str, object]
    place: str
    spelled: bool = False

    def reject(self, reason: str, why: str = "") -> Reject:
        """This row as a reject that says where it was found, and what it was."""
        shown = json.dumps(dict(self.fields), ensure_ascii=False, default=str)
        return Reject(reason, " ".join(part for part in (f"{self.place}:", why, shown[:2000]) if part))


Finding: TypeAlias = "Found | Reject"


def numbered(rows: Iterable[Mapping[str, object]], of: str) -> Iterator[Found]:
    """Rows that have no place but their number."""
    for place, fields in enumerate(rows, start=1):
        yield Found(fields, f"{of} row {place}")
