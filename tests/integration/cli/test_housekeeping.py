"""`synth lake`, `doctor` and `teacher serve`."""

import os
import signal
import threading
import time
import urllib.request
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from .conftest import RECIPE, Place, running

KEY = "sk-a-secret-that-nobody-may-see"
DAY_S = 86_400


def test_snapshots_are_listed_with_their_runs(made: Place) -> None:
    listed = made.synth("lake", "snapshots", "--json").json
    stages = [each["about"]["stage"] for each in listed if (each["about"] or {}).get("recipe") == "robots"]
    assert stages[-2:] == ["rewritten", "finetune"]
    assert "robots.rewritten: 12 rows, 1 rejects" in made.synth("lake", "snapshots").out
    assert f"the newest 2 of {len(listed)}" in made.synth("lake", "snapshots", "--rows", "2").out


def test_care_keeps_what_tables_and_exports_were_made_from(made: Place, tmp_path: Path) -> None:
    first = made.export.resolve()
    kept = tmp_path / "kept.jsonl"
    kept.write_bytes((first / "train.jsonl").read_bytes())
    for mood in ("gloomy", "sleepy"):
        made.write_recipe(RECIPE.replace("cheerful", mood))
        made.synth("run", "robots")
    made.write_recipe(RECIPE.replace("cheerful", "proud"))
    made.synth("run", "robots", "--stage", "rewritten")

    cared = made.synth("lake", "care", "--older-than", "0", "--json").json
    assert cared["lake"]["snapshots_expired"] > 0
    assert cared["exports_deleted"] == []
    for line in (f"{kept}:1", f"{made.export / 'train.jsonl'}:1"):
        (rewritten,) = made.synth("trace", line, "--json").json["parents"]
        assert rewritten["parents"][0]["table"] == "robots.raw"

    # Of an export that was thrown away, nothing is kept.
    before = len(made.synth("lake", "snapshots", "--json").json)
    for file in first.iterdir():
        file.unlink()
    first.rmdir()
    made.synth("lake", "care", "--older-than", "0")
    assert len(made.synth("lake", "snapshots", "--json").json) < before
    assert "care has let it expire" in made.synth("trace", f"{kept}:1", code=1).err


def test_care_removes_exports_of_killed_runs_and_no_others(made: Place) -> None:
    orphan = made.export.resolve().parent / "20260101T000000000000-dead00"
    orphan.mkdir()
    (orphan / "train.jsonl").write_text("{}\n")
    before = time.time() - 2 * DAY_S
    # The home was copied by the fixture, so commits name their folders in another place: still these are theirs.
    for folder in (orphan, made.export.resolve()):
        os.utime(folder, (before, before))
    told = made.synth("lake", "care", "--json").json
    assert told["exports_deleted"] == [str(orphan)]
    assert not orphan.exists()
    assert (made.export / "train.jsonl").is_file()
    assert "the lake is in order" in made.synth("lake", "care").out


def test_the_lake_is_published_as_a_plain_file(made: Place, tmp_path: Path) -> None:
    told = made.synth("lake", "publish", str(tmp_path / "plain.duckdb"), "--json").json
    assert "robots.finetune" in told["tables"]
    assert Path(told["path"]).stat().st_size == told["bytes"]
    assert "warehouse.duckdb" in made.synth("lake", "publish").out
    assert (made.home / "warehouse.duckdb").is_file()


def test_the_doctor_finds_a_sound_machine_sound(made: Place) -> None:
    told = made.synth("doctor", "--json").json
    assert told["good"]
    findings = {each["name"]: each for each in told["findings"]}
    assert findings["lake"]["state"] == "ok"
    assert "MISTRAL_API_KEY is not set" in findings["key"]["told"]
    assert told["settings"]["SYNTH_HOME"] == {"value": str(made.home), "from": "yours"}
    assert told["settings"]["SYNTH_EXECUTOR"]["from"] == "default"


def test_the_doctor_makes_no_lake_where_there_is_none(place: Place) -> None:
    assert "none yet" in place.synth("doctor").out
    assert not place.home.exists()


class Answering(BaseHTTPRequestHandler):
    """A server that answers 401 to every key but one, and tells where else to look for models to nobody."""

    def do_GET(self) -> None:
        is_known = self.headers.get("Authorization") == f"Bearer {KEY}"
        self.send_response(200 if is_known and self.path == "/v1/models" else 401)
        self.end_headers()

    def log_message(self, *args: object) -> None:
        """Says nothing."""


@pytest.fixture
def server() -> str:
    httpd = HTTPServer(("127.0.0.1", 0), Answering)
    thread = threading.Thread(target=httpd.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{httpd.server_port}"
    httpd.shutdown()
    httpd.server_close()
    thread.join()


def test_the_doctor_asks_the_teachers_server_and_never_tells_the_key(place: Place, server: str) -> None:
    good = place.with_env(MISTRAL_API_KEY=KEY, MISTRAL_BASE_URL=server).synth("doctor")
    assert f"{server} answers" in good.out
    refused = place.with_env(MISTRAL_API_KEY=f"{KEY}-expired", MISTRAL_BASE_URL=server).synth("doctor", code=1)
    assert "refuses the key (401)" in refused.out
    gone = place.with_env(MISTRAL_API_KEY=KEY, MISTRAL_BASE_URL="http://127.0.0.1:9").synth("doctor", "--json", code=1)
    assert "cannot be reached" in gone.out
    for said in (good, refused, gone):
        assert "sk-a-secret" not in said.out + said.err
        assert '"set"' in said.out or "MISTRAL_API_KEY    set" in said.out


def test_the_doctor_says_where_it_hurts(place: Place) -> None:
    place.write_recipe("stages: {}")
    said = place.with_env(SYNTH_RECIPES=str(place.folder / "recipes")).synth("doctor").out
    assert "broken: robots" in said
    (place.folder / "file").touch()
    nowhere = place.with_env(SYNTH_HOME=str(place.folder / "file" / "home")).synth("doctor", code=1).out
    assert "SYNTH_HOME" in nowhere


def test_a_served_teacher_says_how_to_use_it_and_what_it_did(place: Place) -> None:
    place.write_recipe(RECIPE.replace("{model: offline}", "{model: mistral-small-latest}"))
    args, env = place.command("teacher", "serve", "--port", "0", "--latency", "5ms")
    with running(args, {**env, "PYTHONUNBUFFERED": "1"}) as process:
        assert process.stdout is not None
        url = process.stdout.readline().split(" at ")[1].split()[0]
        assert f"MISTRAL_BASE_URL={url}" in process.stdout.readline()
        with urllib.request.urlopen(f"{url}/v1/models", timeout=10) as answer:
            assert answer.status == 200
        assert place.with_env(MISTRAL_BASE_URL=url).synth("run", "robots", "--json").json["bought"]["calls"] == 12
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=20)
    assert process.returncode == 0
    assert "answered 12 of 12 calls" in told


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (("--teacher", "oracle"), "offline, or replay:PATH"),
        (("--teacher", "replay:nothing.jsonl"), "cannot be read"),
        (("--faults", "429=lots"), "means nothing"),
    ],
)
def test_a_teacher_that_cannot_be_served_is_refused(place: Place, args: tuple[str, str], told: str) -> None:
    code = 4 if "replay" in args[1] else 2
    assert told in place.synth("teacher", "serve", "--port", "0", *args, code=code).err
