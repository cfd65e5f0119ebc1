"""Shows the pictures that a kind draws of its stage's table."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import dagster as dg

from synth_assets.core.contract import Values
from synth_assets.core.stage import Ask
from synth_assets.engine import Engine, StageResult
from synth_assets.engine.tables import rejects_of
from synth_assets.recipes import Recipe


def pictures_of(
    engine: Engine, recipe: Recipe, name: str, result: StageResult
) -> Mapping[str, dg.MarkdownMetadataValue]:
    """Return the pictures of a stage's table by name, as Markdown; none where its kind draws none."""
    pictures = recipe.stages[name].pictures(_CommittedTables(engine, recipe, result))
    return {what: dg.MetadataValue.md(_as_markdown(what, png)) for what, png in pictures if png is not None}


@dataclass(frozen=True, slots=True)
class _CommittedTables:
    """The tables of a recipe, as they were when a stage of it was committed."""

    engine: Engine
    recipe: Recipe
    result: StageResult

    @property
    def table(self) -> str:
        return self.result.table

    @property
    def rejects(self) -> str:
        return rejects_of(self.result.table)

    @property
    def partition_key(self) -> str:
        return self.result.partition_key

    def table_of(self, stage: str) -> str:
        """Return the table beside the one that was made; of a trial, that of the trial."""
        return f"{self.table.partition('.')[0]}.{stage}"

    def first_asked(self, stage: str, column: str) -> str | None:
        name, first = stage, None
        while name in self.recipe.stages and column in self.recipe.contracts[name]:
            asking = self.recipe.stages[name]
            first = name if isinstance(asking, Ask) and name != stage else first
            before = getattr(asking, "from_", None)
            if not isinstance(before, str):
                break
            name = before
        return first

    def rows(self, sql: str, params: Sequence[object] = ()) -> Sequence[Values]:
        return self.engine.lake.rows(sql, params, at=self.result.snapshot)


def _as_markdown(name: str, png: bytes) -> str:
    return f"![{name}](data:image/png;base64,{base64.b64encode(png).decode()})"
