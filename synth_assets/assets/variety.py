"""What the UI shows of a dataset's variety: a map of its texts, and the rows that each part has come to."""

from collections.abc import Iterator, Mapping

from synth_assets.analysis.text_map import text_map
from synth_assets.core.stage import Ask
from synth_assets.engine import Engine, StageResult
from synth_assets.kinds.measure.diversity import Diversity
from synth_assets.plots.variety_plots import map_png, yields_png
from synth_assets.recipes import Recipe

TEXTS_SEEN = 2_000
CHARACTERS_SEEN = 2_000


def variety_of(
    engine: Engine, recipe: Recipe, stage: Diversity, result: StageResult
) -> Iterator[tuple[str, bytes | None]]:
    """The pictures of a table of diversity, each with its name."""
    part = f"coalesce(\"{stage.by}\"::VARCHAR, '')" if stage.by else "'all'"
    rows = engine.lake.rows(
        f'SELECT left("{stage.column}", {CHARACTERS_SEEN}) AS text, {part} AS part FROM {_table(result, stage.from_)}'
        f' WHERE "{stage.column}" IS NOT NULL ORDER BY md5(row_id) LIMIT {TEXTS_SEEN}',
        at=result.snapshot,
    )
    found = text_map([str(row["text"]) for row in rows])
    if found is not None:
        yield f"map of {stage.column}", map_png(found, [str(row["part"]) for row in rows] if stage.by else None)
    if stage.by:
        first = _written_by(recipe, stage)
        at_start = _counts(engine, result, first, part) if first else {}
        at_end = _counts(engine, result, stage.from_, part)
        yield f"rows by {stage.by}", yields_png(at_end, at_start, (stage.from_, first or ""))


def _written_by(recipe: Recipe, stage: Diversity) -> str | None:
    """The first stage before this one in which a teacher wrote rows that tell the part they belong to."""
    name, first = stage.from_, None
    while name in recipe.stages and stage.by in recipe.contracts[name]:
        asking = recipe.stages[name]
        first = name if isinstance(asking, Ask) and name != stage.from_ else first
        before = getattr(asking, "from_", None)
        if not isinstance(before, str):
            break
        name = before
    return first


def _counts(engine: Engine, result: StageResult, name: str, part: str) -> Mapping[str, int]:
    sql = f"SELECT {part} AS part, count(*) AS n FROM {_table(result, name)} GROUP BY 1"
    return {str(row["part"]): int(row["n"]) for row in engine.lake.rows(sql, at=result.snapshot)}


def _table(result: StageResult, name: str) -> str:
    """The table of a stage beside the one that was made; of a trial, that of the trial."""
    return f"{result.table.partition('.')[0]}.{name}"
