"""The `partitions:` of a recipe: it divides its data by days, into shards, or not at all."""

from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, Field, model_validator

from synth_assets.core.contract import WHOLE
from synth_assets.core.errors import RecipeError
from synth_assets.core.stage import Partition, PartitionScheme
from synth_assets.core.teacher_spec import Strict

NO_PARTITIONS: Literal["none"] = "none"


def _as_day(value: object) -> object:
    try:
        return date.fromisoformat(value) if isinstance(value, str) else value
    except ValueError as error:
        raise ValueError(f'expected a date like 2026-11-01, found "{value}"') from error


Day = Annotated[date, BeforeValidator(_as_day)]


class Partitions(BaseModel):
    """The `partitions:` block of a recipe."""

    model_config = Strict

    daily: Day | None = Field(None, description="the first day; each day has rows of its own")
    shards: int | None = Field(None, ge=1, le=10_000, description="so many parts, told apart by a row's content")

    @model_validator(mode="before")
    @classmethod
    def _none(cls, value: object) -> object:
        return {} if value == NO_PARTITIONS else value

    @model_validator(mode="after")
    def _one_scheme(self) -> "Partitions":
        if self.daily is not None and self.shards is not None:
            raise ValueError("either daily or shards")
        return self

    @property
    def scheme(self) -> PartitionScheme:
        """Return how the data is divided."""
        return "daily" if self.daily is not None else "shards" if self.shards is not None else "none"

    def keys(self, today: date | None = None) -> list[str]:
        """Return the names of all partitions until today (UTC)."""
        if self.daily is not None:
            days = ((today or datetime.now(UTC).date()) - self.daily).days + 1
            return [(self.daily + timedelta(day)).isoformat() for day in range(days)]
        if self.shards is not None:
            width = max(2, len(str(self.shards - 1)))
            return [f"shard-{shard:0{width}}" for shard in range(self.shards)]
        return [WHOLE]

    def partition(self, key: str) -> Partition:
        """Return the partition of that name; RecipeError lists the existing ones."""
        if self.daily is not None:
            return self._day(key, self.daily)
        keys = self.keys()
        if key not in keys:
            known = f"{keys[0]} to {keys[-1]}" if len(keys) > 1 else keys[0]
            raise RecipeError(f'there is no partition "{key}"', remedy=f"there is {known}")
        return Partition(key, keys.index(key), len(keys), self.scheme)

    def _day(self, key: str, first: date) -> Partition:
        try:
            day = date.fromisoformat(key)
        except ValueError:
            day = date.min
        if day < first or day.isoformat() != key:
            raise RecipeError(
                f'there is no partition "{key}"', remedy=f"there are days from {first} on, spelled like that"
            )
        return Partition(key, (day - first).days, 1, "daily")
