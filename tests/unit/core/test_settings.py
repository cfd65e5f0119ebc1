"""Settings: each has a default, a key is never shown, and a folder that was named is kept."""

from synth_assets import settings


def test_every_setting_has_a_default(tmp_path):
    found = settings.load({}, tmp_path)
    assert found.home == tmp_path / ".synth"
    assert (found.exports, found.journal) == (tmp_path / ".synth" / "exports", tmp_path / ".synth" / "journal")
    assert (found.recipes, found.sql, found.teacher) == (None,) * 3
    assert (found.executor, found.base_url) == ("in_process", "https://api.mistral.ai")


def test_folders_of_the_working_folder_are_found(tmp_path):
    (tmp_path / "recipes").mkdir()
    (tmp_path / "dbt_like_sql").mkdir()
    found = settings.load({}, tmp_path)
    assert (found.recipes, found.sql) == (tmp_path / "recipes", tmp_path / "dbt_like_sql")
    assert settings.load({"SYNTH_RECIPES": "elsewhere"}, tmp_path).recipes == tmp_path / "elsewhere"


def test_a_key_is_read_on_demand_and_never_shown(tmp_path):
    found = settings.load({"MISTRAL_API_KEY": "k-123", "OTHER": "k-456", "EMPTY": ""}, tmp_path)
    assert (found.secret(None), found.secret("OTHER")) == ("k-123", "k-456")
    assert (found.secret("EMPTY"), found.secret("NONE")) == (None, None)
    assert "k-123" not in repr(found)
    assert "k-456" not in str(found)
