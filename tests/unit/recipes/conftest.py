"""A recipe to start from, and the way to write one down."""

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

from synth_assets.recipes import BrokenRecipe, Recipe, load_recipe

GOOD = """\
description: two stages
teacher: {model: small, temperature: 0.2}
stages:
  raw:
    kind: source
    sample: dialogs
  told:
    kind: rewrite
    from: raw
    instruction: |
      Be kind.
      Be brief.
"""

Load = Callable[[str], Recipe]
Problems = Callable[[str], list[str]]


@pytest.fixture
def load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Load:
    """Loads the text as the recipe `mine.yaml` of the working folder."""
    monkeypatch.chdir(tmp_path)

    def load_text(text: str) -> Recipe:
        path = tmp_path / "mine.yaml"
        path.write_text(dedent(text), "utf-8")
        return load_recipe(path)

    return load_text


@pytest.fixture
def problems(load: Load) -> Problems:
    """What is wrong with the text, as a person reads it."""

    def problems_of(text: str) -> list[str]:
        with pytest.raises(BrokenRecipe) as caught:
            load(text)
        assert caught.value.exit_code == 2
        return [str(problem) for problem in caught.value.problems]

    return problems_of


@pytest.fixture
def good() -> str:
    return GOOD
