"""Recipes are found in the package and in a person's own folder; one that is broken takes no other down."""

from pathlib import Path

import pytest

from synth_assets import settings
from synth_assets.core.errors import RecipeError
from synth_assets.recipes import BrokenRecipe, find_recipe, find_recipes


@pytest.fixture
def own(tmp_path, monkeypatch) -> Path:
    folder = tmp_path / "recipes"
    folder.mkdir()
    monkeypatch.chdir(tmp_path)
    return folder


def find(cwd: Path, **env: str):
    return find_recipes(settings.load(env, cwd))


def test_a_broken_recipe_leaves_the_others_as_they_are(tmp_path, own, good):
    (own / "mine.yaml").write_text(good)
    (own / "torn.yaml").write_text("stages: [")
    (own / "typo.yml").write_text(good.replace("from", "form"))
    (own / "notes.txt").write_text("no recipe")
    found = find(tmp_path)
    assert {"mine", "mitall"} <= found.recipes.keys()
    assert found.broken.keys() == {"torn", "typo"}
    assert found.broken["typo"][1].where == "recipes/typo.yml:9 stages.told.form"
    assert not found.recipes["mine"].shipped
    with pytest.raises(BrokenRecipe, match='did you mean "from"'):
        find_recipe(settings.load({}, tmp_path), "typo")
    assert find_recipe(settings.load({}, tmp_path), "mine").name == "mine"


def test_an_unknown_recipe_is_an_error_that_suggests_one(tmp_path):
    with pytest.raises(RecipeError, match=r'there is no recipe "mital"[\s\S]*did you mean "mitall"'):
        find_recipe(settings.load({}, tmp_path), "mital")


def test_a_persons_own_recipe_goes_before_the_shipped_one(tmp_path, own, good):
    (own / "mitall.yaml").write_text(good)
    found = find(tmp_path)
    assert found.recipes["mitall"].path == own / "mitall.yaml"
    assert found.notes == ["your mitall.yaml is used instead of the shipped one"]
    (own / "mitall.yaml").write_text("stages: [")
    found = find(tmp_path)
    assert "mitall" in found.broken
    assert "mitall" not in found.recipes


def test_of_two_files_of_one_name_the_first_is_used(tmp_path, own, good):
    (own / "mine.yaml").write_text(good)
    (own / "mine.yml").write_text("stages: [")
    found = find(tmp_path)
    assert found.recipes["mine"].path == own / "mine.yaml"
    assert found.notes == ["recipes/mine.yml is not used: mine.yaml has the same name"]


def test_a_folder_that_is_set_but_missing_is_noted(tmp_path, own):
    found = find(tmp_path, SYNTH_RECIPES="elsewhere")
    assert "mitall" in found.recipes
    assert found.notes == ["your folder of recipes is not there: elsewhere"]
