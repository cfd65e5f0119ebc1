"""What the UI shows of an agreement: for each labeller its confusion matrix, and how far vote shares can be trusted."""

import base64
from typing import Any

import dagster as dg

from synth_assets.core.stage import Stage
from synth_assets.engine import Engine, StageResult
from synth_assets.training.plots import confusion_png, reliability_png

DRAWN = {"confusion": confusion_png, "reliability": reliability_png}


def pictures_of(engine: Engine, stage: Stage, result: StageResult) -> dict[str, Any]:
    """The plots of a table of measures; none for other tables."""
    if stage.kind != "agreement":
        return {}
    rows = engine.lake.rows(f"SELECT * FROM {result.table}", at=result.snapshot)
    drawn = {
        f"{what} of {labels_of}": draw(rows, labels_of)
        for labels_of in sorted({row["labels_of"] for row in rows})
        for what, draw in DRAWN.items()
    }
    return {name: dg.MetadataValue.md(_shown(name, png)) for name, png in drawn.items() if png is not None}


def _shown(name: str, png: bytes) -> str:
    return f"![{name}](data:image/png;base64,{base64.b64encode(png).decode()})"
