"""A million annotations through vote and agreement. Run by hand: python -m tests.bench.votes [ROWS]."""

import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

from synth_assets.core.stage import Partition
from synth_assets.engine import Engine, Job
from synth_assets.lake import CommitInfo, Lake, Replace
from synth_assets.recipes import Recipe, load_recipe
from synth_assets.settings import load

RECIPE = """
teacher: {model: offline}
stages:
  raw: {kind: source, inline: [{text: x, expert: up}], columns: {text: text, expert: text}}
  draws: {kind: annotate, from: raw, instruction: Judge., labels: [up, down, flat], style: reasoned, draws: 3}
  votes: {kind: vote, from: draws}
  agreement: {kind: agreement, from: [draws, votes], experts: expert}
"""
DRAWS, BATCH = 3, 30_000
LABELS = ("up", "down", "flat")


def _batches(recipe: Recipe, rows: int) -> Iterator[pa.RecordBatch]:
    """Annotations of invented texts: most draws agree, and mostly with the expert."""
    for start in range(0, rows, BATCH):
        numbers = range(start, min(start + BATCH, rows))
        subjects = [number // DRAWS for number in numbers]
        labels = [
            LABELS[(s * 7 + (number % DRAWS if s % 9 == 0 else 0)) % 3]
            for number, s in zip(numbers, subjects, strict=True)
        ]
        values = {
            "text": [f"What the company labels in report number {subject} was no surprise." for subject in subjects],
            "expert": [LABELS[(s * 7 + (s % 20 == 0)) % 3] for s in subjects],
            "label": labels,
            "reason": [f"Report {subject} says nothing else." for subject in subjects],
            "draw": [number % DRAWS for number in numbers],
            "annotator": ["bench"] * len(numbers),
            "row_id": [f"{number:032x}" for number in numbers],
            "parent_ids": [[f"{subject:032x}"] for subject in subjects],
            "call_keys": [[f"{number:032x}"] for number in numbers],
            "partition_key": ["all"] * len(numbers),
        }
        yield pa.RecordBatch.from_pydict(values)


def _fill(lake: Lake, recipe: Recipe, rows: int) -> None:
    with lake.stage("bench.draws", recipe.contracts["draws"], calls=True) as writer:
        for batch in _batches(recipe, rows):
            columns = [batch.column(field.name).cast(field.type) for field in writer.shape.schema]
            writer.write_batch(pa.RecordBatch.from_arrays(columns, schema=writer.shape.schema))
        lake.commit([Replace(writer)], CommitInfo("bench", "bench", "draws", message="annotations"))


def main(rows: int = 1_000_000) -> None:
    """Prints what each stage takes."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bench.yaml"
        path.write_text(RECIPE)
        recipe = load_recipe(path)
        with Engine(load({}, Path(folder))) as engine:
            _fill(engine.lake, recipe, rows)
            for stage in ("votes", "agreement"):
                start = time.perf_counter()
                result = engine.run(Job(recipe, stage, Partition(), f"bench-{stage}"))
                peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
                print(f"{stage}: {rows:,} annotations, {result.tally.rows:,} rows,"
                      f" {time.perf_counter() - start:.1f} s, peak {peak:.0f} MiB", flush=True)  # fmt: skip


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
