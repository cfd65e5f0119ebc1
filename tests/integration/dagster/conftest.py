"""A place with recipes and models of its own, a Dagster instance, and runs in this process."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
import pytest

from synth_assets.assets import build_definitions
from synth_assets.lake import Lake, open_lake
from synth_assets.settings import Settings, load

TINY = """
description: a tiny dataset
owners: [team:tests, someone@example.org]
tags: {{purpose: tests}}
teacher: {{model: offline}}
{head}
stages:
  talks:
    kind: source
    description: what was said
    files: talks.jsonl
    columns: {{topic: text, messages: dialog}}
    rows: {rows}
  rewritten:
    kind: rewrite
    from: talks
    instruction: Be glad.
  long_enough:
    kind: filter
    from: rewritten
    where: length(topic) > 0
    {checks}
"""


def talk(number: int) -> dict[str, object]:
    question, answer = f"What is {number} plus {number}?", f"It is {2 * number}."
    turns = [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]
    return {"topic": f"sums {number:03}", "messages": turns}


@dataclass
class Place:
    """A home with recipes and SQL models; `run` is a click in the UI, in this process."""

    folder: Path
    settings: Settings
    instance: dg.DagsterInstance
    known: tuple[object, dg.Definitions] | None = None

    def recipe(self, name: str, text: str) -> None:
        (self.folder / "recipes" / f"{name}.yaml").write_text(text)

    def tiny(self, name: str = "tiny", head: str = "", rows: int = 5, checks: str = "") -> None:
        self.recipe(name, TINY.format(head=head, rows=rows, checks=checks))

    def model(self, table: str, sql: str, contract: str = "") -> None:
        path = self.folder / "dbt_like_sql" / (table.replace(".", "/") + ".sql")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(sql)
        if contract:
            path.with_suffix(".yaml").write_text(contract)

    def definitions(self) -> dg.Definitions:
        """Those of the files as they are now; building them takes a moment, so they are kept until a file changes."""
        files = sorted((path, path.stat().st_mtime_ns) for path in self.folder.glob("*/**/*.*ml")) + sorted(
            (path, path.stat().st_mtime_ns) for path in self.folder.glob("dbt_like_sql/**/*.sql")
        )
        if self.known is None or self.known[0] != files:
            self.known = (files, build_definitions(self.settings))
        return self.known[1]

    def run(self, job: str, partition: str | None = None, **tags: str) -> dg.ExecuteInProcessResult:
        found = self.definitions().resolve_job_def(job)
        return found.execute_in_process(
            instance=self.instance, partition_key=partition, tags=tags, raise_on_error=False
        )

    def run_assets(self, *keys: str, partition: str | None = None) -> dg.ExecuteInProcessResult:
        selection = [dg.AssetKey(key.split("/")) for key in keys]
        job = self.definitions().resolve_implicit_global_asset_job_def()
        return job.execute_in_process(
            instance=self.instance, asset_selection=selection, partition_key=partition, raise_on_error=False
        )

    def metadata(self, key: str) -> dict[str, object]:
        event = self.instance.get_latest_materialization_event(dg.AssetKey(key.split("/")))
        assert event is not None
        assert event.asset_materialization is not None
        return {name: value.value for name, value in event.asset_materialization.metadata.items()}

    def is_made(self, key: str) -> bool:
        return self.instance.get_latest_materialization_event(dg.AssetKey(key.split("/"))) is not None

    def rows(self, sql: str) -> list[dict[str, object]]:
        with self.lake() as lake:
            return lake.rows(sql)

    def lake(self) -> Lake:
        return open_lake(self.settings)


def checks_of(result: dg.ExecuteInProcessResult) -> dict[str, dg.AssetCheckEvaluation]:
    """The checks of a run, by `table: check`."""
    found = [event.event_specific_data for event in result.all_events if event.event_type_value == CHECKED]
    return {f"{check.asset_key.path[-1]}: {check.check_name}": check for check in found}


CHECKED = "ASSET_CHECK_EVALUATION"


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    (tmp_path / "recipes").mkdir()
    (tmp_path / "dbt_like_sql").mkdir()
    lines = [json.dumps(talk(number)) for number in range(60)]
    (tmp_path / "recipes" / "talks.jsonl").write_text("\n".join(lines))
    with dg.DagsterInstance.ephemeral(str(tmp_path / "dagster")) as instance:
        yield Place(tmp_path, load({}, tmp_path), instance)
