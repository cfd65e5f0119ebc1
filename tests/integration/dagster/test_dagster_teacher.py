"""What the teacher has to tell stands in the log of the run, where the UI shows it."""

from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import yaml

import synth_assets.assets
from synth_assets.settings import load
from synth_assets.teacher.served.chat import ServedChat
from synth_assets.teacher.served.server import served
from tests.integration.dagster.conftest import TINY, Place, talk

pytestmark = pytest.mark.slow

SHIPPED = Path(synth_assets.assets.__file__).parent / "dagster.yaml"


def messages_of_a_run(folder: Path, url: str, teacher: str) -> list[str]:
    """The log of one run with the shipped settings."""
    for name in ("recipes", "dbt_like_sql", "dagster"):
        (folder / name).mkdir()
    (folder / "recipes" / "talks.jsonl").write_text("\n".join(str(talk(n)).replace("'", '"') for n in range(5)))
    (folder / "recipes" / "tiny.yaml").write_text(
        TINY.format(head="", rows=5, checks="").replace("model: offline", teacher)
    )
    logs = yaml.safe_load(SHIPPED.read_text())["python_logs"]
    with dg.instance_for_test(overrides={"python_logs": logs}, temp_dir=str(folder / "dagster")) as instance:
        place = Place(folder, load({"MISTRAL_BASE_URL": url}, folder), instance)
        result = place.run("tiny")
        assert result.success
        return [entry.user_message for entry in instance.all_logs(result.run_id)]


def test_how_far_a_batch_job_is(tmp_path: Path) -> None:
    with served(faults="batch=1.2s") as server:
        said = messages_of_a_run(tmp_path, server.url, "model: mistral-small-latest, mode: batch")
    assert any(message.startswith("batch job") and message.endswith("0 of 5 done") for message in said)


def test_an_api_that_has_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    completion = ServedChat.completion

    def changed(self: ServedChat, body: Any) -> dict[str, Any]:
        return {**completion(self, body), "mood": "good"}

    monkeypatch.setattr(ServedChat, "completion", changed)
    with served() as server:
        said = messages_of_a_run(tmp_path, server.url, "model: mistral-small-latest")
    assert [message.rpartition(": ")[2] for message in said if "the teacher's API" in message] == [
        "the SDK does not know 'mood'"
    ]
