"""What real teachers said of financial sentences, as a recording: the prompts as the stages render them."""

import csv
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

import synth_assets.recipes
from synth_assets.core.stage import Ask, Row
from synth_assets.engine import Engine, StageResult
from synth_assets.recipes import load_recipe
from synth_assets.settings import load

SHIPPED = Path(synth_assets.recipes.__file__).parent / "financial_sentiment.yaml"
DRAWS = 3
Record = Mapping[str, str]


@dataclass
class Replayed:
    """A dataset that was made by replaying one teacher's answers."""

    engine: Engine
    results: dict[str, StageResult]
    records: list[Record]

    def rows(self, sql: str) -> list[dict[str, Any]]:
        """The rows of a SELECT; `{}` is the schema of the dataset."""
        return self.engine.lake.rows(sql.replace("{}", "sentiment"))

    def one(self, sql: str) -> Any:
        """The only value of a SELECT."""
        (row,) = self.rows(sql)
        (value,) = row.values()
        return value


def replayed(folder: Path, records: list[Record], stages: Mapping[str, Any] | None = None) -> Iterator[Replayed]:
    """Runs the shipped recipe on the records, each answer replayed; `stages` come on top of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = [json.dumps({"text": each["text"], "label_experts": each["label_experts"]}) for each in records]
    (folder / "sentences.jsonl").write_text("\n".join(lines))
    path = folder / "sentiment.yaml"
    path.write_text(yaml.safe_dump(_recipe(stages or {})))
    recipe = load_recipe(path)
    recording = folder / "recording.jsonl"
    with recording.open("w", encoding="utf-8") as file:
        for name in ("direct", "draws"):
            stage = recipe.stages[name]
            assert isinstance(stage, Ask)
            for record in records:
                file.writelines(_recorded(stage, record, name == "direct"))
    with Engine(load({"SYNTH_TEACHER": f"replay:{recording}"}, folder)) as engine:
        results = {result.table.split(".")[1]: result for result in engine.run_recipe(recipe).results}
        yield Replayed(engine, results, records)


def _recipe(added: Mapping[str, Any]) -> dict[str, Any]:
    """The shipped recipe on the records. An unreadable answer has no repair: the teacher is not there any more."""
    recipe = yaml.safe_load(SHIPPED.read_text())
    kept = ("sentences", "direct", "reasoned", "draws", "votes")
    stages = {name: recipe["stages"][name] for name in kept} | dict(added)
    stages["sentences"] = {
        "kind": "source",
        "files": "sentences.jsonl",
        "columns": {"text": "text", "label_experts": "text"},
    }
    for name in ("direct", "reasoned", "draws"):
        stages[name]["repairs"] = 0
    return {**recipe, "stages": stages}


def _recorded(stage: Ask, record: Record, is_direct: bool) -> Iterator[str]:
    for request in stage.requests(Row("", {"text": record["text"]})):
        text = record["label_llm"] if is_direct else spoken(record, request.draw)
        messages = [message.to_json() for message in request.messages]
        yield json.dumps({"messages": messages, "draw": request.draw, "text": text}) + "\n"


def spoken(record: Record, draw: int) -> str:
    """One draw as a teacher sends it: some in JSON, some in Python's spelling, some in a fence, or what failed."""
    reason, label = record[f"reason_iter{draw + 1}"], record[f"sc_iter{draw + 1}"]
    if reason == "FAIL":
        return reason
    answer = {"reason": reason, "label": label}
    shapes = (json.dumps(answer), repr(answer), f"```json\n{json.dumps(answer)}\n```", f" {json.dumps(answer)}\n")
    return shapes[len(reason) % len(shapes)]


def read_records(path: Path) -> list[Record]:
    """The rows of one of the CSV files."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
