"""What the README shows can be pasted: its recipe loads, its SQL runs, its commands exist."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pandera.errors
import pytest

import synth_assets
from synth_assets.assets.lake_io import frame_of_table
from synth_assets.engine import Engine
from synth_assets.recipes import find_recipe, load_recipe
from synth_assets.settings import load

README = (Path(__file__).resolve().parents[2] / "README.md").read_text("utf-8")


def _blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    settings = load({}, tmp_path_factory.mktemp("readme"))
    with Engine(settings) as engine:
        engine.run_recipe(find_recipe(settings, "mitall"))
        yield engine


def test_the_recipe_loads_and_is_as_short_as_promised(tmp_path: Path) -> None:
    (text,) = _blocks("yaml")
    path = tmp_path / "pirates.yaml"
    path.write_text(text)
    recipe = load_recipe(path)
    assert list(recipe.stages) == ["raw_dialogs", "pirate_dialogs", "finetune"]
    assert len(text.strip().splitlines()) <= 10


def test_the_sql_runs(built: Engine) -> None:
    from synth_assets.engine.models import run_model
    from synth_assets.sql import find_models, sort_models

    for model in sort_models(find_models(built.settings).models):
        run_model(built.lake, model, "readme")
    statements = [each for block in _blocks("sql") for each in block.split(";") if each.strip()]
    answers = [built.lake.rows(statement) for statement in statements]
    assert len(answers) == 3
    costs, _, trace = answers
    assert {row["recipe"] for row in costs} == {"mitall"}
    (row,) = trace
    assert row["model"] == "offline"
    assert [turn["role"] for turn in row["original"]] == [turn["role"] for turn in row["rewritten"]]


def test_a_table_passes_the_schema_that_its_contract_is(built: Engine) -> None:
    (names,) = re.findall(r"`synth_assets\.contract\((.*?)\)`", README)
    schema, table = re.findall(r'"(\w+)"', names)
    frame = frame_of_table(built.lake.query(f"SELECT * FROM {schema}.{table}").read_all())
    assert len(synth_assets.contract(schema, table).validate(frame)) > 0
    with pytest.raises(pandera.errors.SchemaError, match="is not of type dialog"):
        synth_assets.contract(schema, table).validate(frame.assign(messages="words"))


@pytest.mark.parametrize("command", sorted(set(re.findall(r"^synth (\w+)", "\n".join(_blocks("sh")), re.MULTILINE))))
def test_the_commands_exist(command: str) -> None:
    subprocess.run([sys.executable, "-m", "synth_assets.cli", command, "--help"], check=True, capture_output=True)
