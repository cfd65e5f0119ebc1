"""Rows as they are found outside: their fields, and the place to name when one is wrong."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from synth_assets.core.stage import Rejection


@dataclass(frozen=True, slots=True)
class FoundRow:
    """A row of a source. In a CSV file every value is `spelled` as text."""

    fields: Mapping[str, object]
    location: str
    spelled: bool = False

    def reject(self, reason: str, why: str = "") -> Rejection:
        """This row as a reject that says where it was found, and what it was."""
        shown = json.dumps(dict(self.fields), ensure_ascii=False, default=str)
        return Rejection(reason, " ".join(part for part in (f"{self.location}:", why, shown[:2000]) if part))


FoundOrReject: TypeAlias = "FoundRow | Rejection"


def number_rows(rows: Iterable[Mapping[str, object]], of: str) -> Iterator[FoundRow]:
    """Yield rows that have no location but their number."""
    for number, fields in enumerate(rows, start=1):
        yield FoundRow(fields, f"{of} row {number}")
