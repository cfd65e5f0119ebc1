"""The Pandera schema of a table, by its name."""

from pathlib import Path

import pytest

import synth_assets
from synth_assets.core.errors import RecipeError


def test_a_stage_and_a_sql_model_have_a_schema(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "dbt_like_sql" / "mine"
    folder.mkdir(parents=True)
    (folder / "rows.sql").write_text("SELECT 1 AS n")
    (folder / "rows.yaml").write_text("columns: {n: {type: integer, minimum: 0}}")
    (folder / "free.sql").write_text("SELECT 1 AS n")
    monkeypatch.chdir(tmp_path)

    schema = synth_assets.contract("mitall", "rewritten_dialogs")
    assert schema.name == "mitall.rewritten_dialogs"
    assert "messages" in schema.columns
    (is_integer, is_least) = synth_assets.contract("mine", "rows").columns["n"].checks
    assert (is_integer.name, is_least.name) == ("is not of type integer", "is less than 0")
    with pytest.raises(RecipeError, match=r"no contract is declared for mine\.free\n.* rows"):
        synth_assets.contract("mine", "free")


def test_a_table_that_nobody_declares_is_an_error_that_names_those_there_are() -> None:
    with pytest.raises(RecipeError, match=r"no contract is declared for mitall\.oops\n.* raw_dialogs"):
        synth_assets.contract("mitall", "oops")
    with pytest.raises(RecipeError, match='no recipe "oops"'):
        synth_assets.contract("oops", "rows")
