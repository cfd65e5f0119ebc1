"""What the UI shows of measures as pictures: how far labels agree, how a judge scored, how varied texts are."""

import base64
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import dagster as dg

from synth_assets.assets.metadata import reasons_of
from synth_assets.assets.variety import variety_of
from synth_assets.core.stage import Stage
from synth_assets.engine import Engine, StageResult
from synth_assets.kinds.ask.judge import Judge
from synth_assets.kinds.choose.panel import Panel
from synth_assets.kinds.learn.student import TrainStudent
from synth_assets.kinds.measure.costs import Costs
from synth_assets.kinds.measure.diversity import Diversity
from synth_assets.kinds.measure.preferences import Preferences
from synth_assets.kinds.measure.scores import Scores
from synth_assets.kinds.support.judging.scale import score_turned_away
from synth_assets.plots.label_plots import confusion_png, costs_png, labels_png, reliability_png
from synth_assets.plots.score_plots import fairness_png, parts_png, scores_png
from synth_assets.recipes import Recipe

DRAWN = {"confusion": confusion_png, "labels": labels_png, "reliability": reliability_png}
Pictures = Iterator[tuple[str, bytes | None]]


def pictures_of(engine: Engine, recipe: Recipe, name: str, result: StageResult) -> dict[str, Any]:
    """The plots of a stage's table of measures or scores; none for other tables."""
    stage = recipe.stages[name]
    drawn = variety_of(engine, recipe, stage, result) if isinstance(stage, Diversity) else _drawn(engine, stage, result)
    return {what: dg.MetadataValue.md(_shown(what, png)) for what, png in drawn if png is not None}


def _drawn(engine: Engine, stage: Stage, result: StageResult) -> Pictures:
    if stage.kind == "agreement":
        yield from _agreement(engine, result)
    elif isinstance(stage, TrainStudent):
        yield from _taught(engine, stage, result)
    elif isinstance(stage, Costs):
        yield "costs", costs_png(engine.lake.rows(f"SELECT * FROM {result.table}", at=result.snapshot))
    elif isinstance(stage, Judge | Panel):
        yield stage.score, _judged(engine, stage, result)
    elif isinstance(stage, Preferences):
        yield "fairness", fairness_png(engine.lake.rows(f"SELECT * FROM {result.table}", at=result.snapshot))
    elif isinstance(stage, Scores):
        yield stage.score, _measured(engine, stage, result)


def _agreement(engine: Engine, result: StageResult) -> Pictures:
    rows = engine.lake.rows(f"SELECT * FROM {result.table}", at=result.snapshot)
    for labels_of in sorted({row["labels_of"] for row in rows}):
        for what, draw in DRAWN.items():
            yield f"{what} of {labels_of}", draw(rows, labels_of)


def _taught(engine: Engine, stage: TrainStudent, result: StageResult) -> Pictures:
    """What a student says of rows that it has not seen: by experts where there are any, else by its teacher."""
    judged_by = "experts" if stage.experts else "the teacher"
    for part, name in {"train": "held out", "test": "test"}.items():
        sql = (
            f"SELECT '{name}' AS labels_of, 'confusion' AS measure, \"{stage.experts or 'taught'}\" AS expert_label,"
            f" label, count(*) AS value FROM {result.table} WHERE part = '{part}' AND expert_label IS NOT NULL"
            " GROUP BY ALL"
        )
        rows = engine.lake.rows(sql, at=result.snapshot)
        yield f"confusion, {name}", confusion_png(rows, name, judged_by)


def _judged(engine: Engine, stage: Judge | Panel, result: StageResult) -> bytes | None:
    """The scores of the rows that went on, and of those turned away, whose reasons tell them."""
    rows = engine.lake.rows(
        f'SELECT "{stage.score}" AS score, count(*) AS n FROM {result.table} WHERE partition_key = ? GROUP BY 1',
        (result.partition_key,),
        at=result.snapshot,
    )
    kept, away = Counter[float](), Counter[float]()
    for row in rows:
        kept[_rounded(row["score"])] += int(row["n"])
    reasons = reasons_of(engine, result) if stage.keep and result.tally.rejects else {}
    for reason, count in reasons.items():
        score = score_turned_away(reason, stage.score, stage.keep or "")
        if score is not None:
            away[_rounded(score)] += count
    return scores_png(kept, away, stage.score)


def _measured(engine: Engine, stage: Scores, result: StageResult) -> bytes | None:
    rows = engine.lake.rows(f"SELECT part, distribution FROM {result.table}", at=result.snapshot)
    parts = {str(row["part"]): _counts(row["distribution"]) for row in rows}
    if stage.by is None and len(parts) == 1:
        return scores_png(next(iter(parts.values())), {}, stage.score)
    return parts_png(parts, stage.score)


def _counts(told: str) -> Mapping[float, int]:
    counts = Counter[float]()
    for score, count in json.loads(told).items():
        counts[_rounded(score)] += int(count)
    return counts


def _rounded(score: Any) -> float:
    """Means as reasons tell them, so that those that went on and those turned away are counted alike."""
    return float(f"{float(score):.3g}")


def _shown(name: str, png: bytes) -> str:
    return f"![{name}](data:image/png;base64,{base64.b64encode(png).decode()})"
