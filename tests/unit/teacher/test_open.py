"""Who answers, by recipe and settings."""

from pathlib import Path

import pytest

from synth_assets import settings
from synth_assets.core.errors import RecipeError, TeacherError
from synth_assets.core.teacher_spec import TeacherSpec
from synth_assets.teacher import Teacher, open_teacher
from synth_assets.teacher.teacher import dialect_of

MODEL = "mistral-small-latest"
KEY = {"MISTRAL_API_KEY": "sk-secret"}


def opened(env: dict[str, str] | None = None, *, shipped: bool = False, **spec: object) -> Teacher:
    return open_teacher(TeacherSpec(**{"model": MODEL, **spec}), settings.load(env or {}), shipped=shipped)


def test_with_a_key_the_model_answers() -> None:
    teacher = opened(KEY, temperature=0.2)
    assert (teacher.target.endpoint, teacher.target.model) == ("https://api.mistral.ai", MODEL)
    assert teacher.target.sampling.temperature == 0.2
    assert teacher.notice == ""


def test_without_a_key_a_shipped_recipe_is_answered_offline_and_says_so() -> None:
    teacher = opened(shipped=True)
    assert (teacher.target.endpoint, teacher.target.model) == ("offline/1", "offline")
    assert "offline teacher" in teacher.notice
    assert "MISTRAL_API_KEY" in teacher.notice


def test_without_a_key_a_users_recipe_stops_and_names_both_remedies() -> None:
    with pytest.raises(TeacherError) as raised:
        opened().gateway()
    assert raised.value.exit_code == 4
    assert "MISTRAL_API_KEY" in str(raised.value)
    assert "SYNTH_TEACHER=offline" in str(raised.value)


@pytest.mark.parametrize("spec", [{"base_url": "http://gpu-box:8000"}, {"base_url": "http://127.0.0.1:8000/v1/"}])
def test_a_server_of_ones_own_needs_no_key(spec: dict[str, str]) -> None:
    teacher = opened(**spec)
    assert teacher.target.endpoint == spec["base_url"].removesuffix("/v1/")
    teacher.gateway()


def test_a_key_goes_only_to_the_server_it_is_for() -> None:
    assert "sk-secret" not in str(opened(KEY, base_url="http://gpu-box:8000").__dict__)
    with pytest.raises(TeacherError, match="the variable OTHER_KEY is not set"):
        opened(KEY, base_url="http://gpu-box:8000", api_key_env="OTHER_KEY").gateway()


def test_a_served_teacher_stands_in_for_mistral_without_a_key() -> None:
    assert opened({"MISTRAL_BASE_URL": "http://127.0.0.1:8010"}).target.endpoint == "http://127.0.0.1:8010"


def test_the_setting_goes_before_the_recipe(tmp_path: Path) -> None:
    recording = tmp_path / "said.jsonl"
    recording.write_text("")
    assert opened({"SYNTH_TEACHER": "offline", **KEY}).target.model == "offline"
    replayed = opened({"SYNTH_TEACHER": f"replay:{recording}", **KEY}, model="offline")
    assert replayed.target.endpoint.startswith("replay/")
    assert str(recording) in replayed.notice
    with pytest.raises(RecipeError, match="there is no teacher 'ofline'"):
        opened({"SYNTH_TEACHER": "ofline"})


def test_a_recording_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(TeacherError, match="cannot be read"):
        opened({"SYNTH_TEACHER": f"replay:{tmp_path}/none.jsonl"})


@pytest.mark.parametrize(
    "url", ["gpu-box:8000", "ftp://host", "https://user:sk-secret@host", "https://host?key=sk-secret", ""]
)
def test_an_address_that_is_none_or_holds_a_secret_is_refused(url: str) -> None:
    with pytest.raises(RecipeError) as raised:
        open_teacher(TeacherSpec(model=MODEL, base_url=url or "http://"), settings.load(KEY), shipped=True)
    assert "sk-secret" not in str(raised.value)


@pytest.mark.parametrize(
    ("spec", "dialect"),
    [
        ({}, "mistral"),
        ({"base_url": "https://api.eu.mistral.ai"}, "mistral"),
        ({"base_url": "http://gpu-box:8000"}, "openai"),
        ({"base_url": "http://gpu-box:8000", "transport": "sdk"}, "mistral"),
        ({"base_url": "https://my-azure-mistral.com", "dialect": "mistral"}, "mistral"),
        ({"base_url": "https://notmistral.ai"}, "openai"),
    ],
)
def test_each_server_is_spoken_to_in_its_dialect(spec: dict[str, str], dialect: str) -> None:
    assert dialect_of(TeacherSpec(model=MODEL, **spec)) == dialect


def test_the_key_shows_nowhere() -> None:
    assert "sk-secret" not in repr(opened(KEY))
    assert "sk-secret" not in repr(opened(KEY).gateway())
