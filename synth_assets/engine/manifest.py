"""The manifest of an export: everything needed to say what it is without the lake it came from."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from synth_assets.core.contract import Values
from synth_assets.core.stage import Ask, Rejection
from synth_assets.engine.commit.fingerprint import teacher_of
from synth_assets.engine.job import Job, Tally
from synth_assets.engine.tables import CALLS
from synth_assets.exports import manifest
from synth_assets.exports.manifest import Manifest, Price
from synth_assets.lake import Lake
from synth_assets.settings import Settings


@dataclass(slots=True)
class ExportContents:
    """What has been written into an export so far."""

    splits: Counter[str] = field(default_factory=Counter)
    characters: int = 0
    tokens: int = 0

    def add(self, outcome: Values | Rejection) -> None:
        """Counts a line."""
        if not isinstance(outcome, Rejection):
            self.splits[str(outcome["split"])] += 1
            self.characters += int(str(outcome["characters"]))
            self.tokens += int(str(outcome["tokens"]))


@dataclass(frozen=True, slots=True)
class ExportOrigin:
    """Where an export comes from."""

    job: Job
    fingerprint: str
    at: int


def describe_export(
    lake: Lake, settings: Settings, origin: ExportOrigin, contents: ExportContents, tally: Tally
) -> Manifest:
    """Return the manifest but for its files."""
    job, recipe = origin.job, origin.job.recipe
    asks = [name for name in recipe.upstream(job.stage) if isinstance(recipe.stages[name], Ask)]
    teachers = [teacher_of(recipe, name, settings) for name in asks]
    return Manifest(
        recipe=recipe.name,
        stage=job.stage,
        fingerprint=origin.fingerprint,
        snapshot=origin.at,
        run_id=job.run_id,
        created_at=datetime.now(UTC),
        teacher=", ".join(sorted({teacher.target.endpoint for teacher in teachers})),
        model=", ".join(sorted({teacher.target.model for teacher in teachers})),
        format=str(getattr(recipe.stages[job.stage], "format", "")),
        input_rows=tally.input_rows,
        rows=sum(contents.splits.values()),
        splits=dict(contents.splits),
        rejects=dict(tally.reasons),
        characters=contents.characters,
        tokens=contents.tokens,
        cost_usd=_cost_usd(lake, [job.source_of(name) for name in asks], origin.at),
        prices=tuple(_price(teacher.target.model, teacher.price()) for teacher in teachers),
        settings=_settings(recipe.stages[job.stage].model_dump(mode="json", by_alias=True)),
    )


def write_manifest(folder: Path, described: Manifest) -> None:
    """Writes the manifest beside the files, with their hashes."""
    described.model_copy(update={"files": manifest.describe(folder)}).write(folder)


def _settings(keys: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in keys.items() if name not in ("description", "checks")}


def _price(model: str, price: Any) -> Price:
    if price is None:
        return Price(model=model)
    as_of = price.as_of.isoformat() if price.as_of else None
    return Price(model=model, input_usd_per_million=price.prompt, output_usd_per_million=price.completion, as_of=as_of)


def _cost_usd(lake: Lake, tables: list[str], at: int) -> float | None:
    """Return what the answers in those tables cost when they were bought; None if one of them has no price."""
    if not tables:
        return 0.0
    keys = " UNION ".join(f"SELECT unnest(call_keys) FROM {table}" for table in tables)
    sql = (
        "SELECT coalesce(sum(cost_usd), 0)::DOUBLE AS cost_usd, count(*) = count(cost_usd) AS known"
        f" FROM {CALLS} WHERE NOT spare AND call_key IN ({keys})"
    )
    (row,) = lake.rows(sql, at=at)
    return float(row["cost_usd"]) if row["known"] else None
