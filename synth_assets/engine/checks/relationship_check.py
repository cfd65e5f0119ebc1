"""Relationships of a contract: every value of a column must stand in a column of another table."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from synth_assets.core.contract import Relationship, Values
from synth_assets.engine.checks.table_check import SHOWN, CheckResult, relationship_check_name
from synth_assets.lake import Lake


@dataclass(slots=True)
class RelationshipCheck:
    """Fed every row that goes in, asked once at the end: only the values are kept."""

    links: Sequence[Relationship]
    _values: dict[str, set[object]] = field(default_factory=dict)

    def add(self, rows: Iterable[Values]) -> None:
        """Remembers the values that point elsewhere."""
        for row in rows if self.links else ():
            for link in self.links:
                if (value := row.get(link.column)) is not None:
                    self._values.setdefault(link.column, set()).add(value)

    def verdicts(self, lake: Lake) -> Iterator[CheckResult]:
        """Whether each value has its row over there; those that do not are shown."""
        for link in self.links:
            wanted = sorted(self._values.get(link.column, ()), key=str)
            there = f'(SELECT "{link.to_column}" FROM {link.to_table})'
            sql = f"SELECT value FROM (SELECT unnest(?) AS value) WHERE value NOT IN {there}"
            missing = [row["value"] for row in lake.rows(sql, (wanted,))] if wanted else []
            place = f"{link.to_table}.{link.to_column}"
            told = f"{len(missing)} values of {link.column} are not in {place}" if missing else f"all are in {place}"
            failing = tuple({link.column: value} for value in missing[:SHOWN])
            yield CheckResult(relationship_check_name(link), not missing, told, True, failing)
