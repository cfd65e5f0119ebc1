"""A recipe that is sound: how it is read, what it knows of its stages, and what the package ships."""

from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synth_assets import settings
from synth_assets.core.errors import RecipeError
from synth_assets.core.stage import Partition
from synth_assets.recipes import find_recipes
from synth_assets.recipes.graph import topological_order

CHAIN = """\
partitions: {shards: 3}
stages:
  lines: {kind: chat_jsonl, from: kept}
  after: {kind: filter, from: lines, where: line = 1}
  kept: {kind: filter, from: told, where: "true"}
  told: {kind: rewrite, from: raw, instruction: "Be kind."}
  raw: {kind: source, sample: dialogs}
"""


def test_yaml_means_what_it_says(load):
    recipe = load(
        """\
        description: on
        teacher: {model: 'no', stop: [12:30, "5"]}
        tags: {on: "yes", 1: 2026-11-01}
        schedule: 0 2 * * *
        stages:
          raw:
            kind: source
            seed: 012
            rows: ~
            inline:
              - {day: 2026-11-01, time: 12:30, flag: no, wide: 1_000, real: 1e3, none: , nan: NaN}
            columns: {day: text}
        """.replace("seed: 012", "seed: 12")
    )
    assert (recipe.description, recipe.teacher.model, recipe.teacher.stop) == ("on", "no", ("12:30", "5"))
    assert recipe.tags == {"on": "yes", "1": "2026-11-01"}
    assert recipe.stages["raw"].inline[0] == {
        "day": "2026-11-01",
        "time": "12:30",
        "flag": "no",
        "wide": "1_000",
        "real": 1000.0,
        "none": None,
        "nan": "NaN",
    }


def test_text_can_be_written_once_and_used_twice(load):
    recipe = load("""\
        stages:
          raw: {kind: source, sample: dialogs}
          one: {kind: rewrite, from: raw, instruction: &kind "Be kind."}
          two: {kind: rewrite, from: one, instruction: *kind}
        """)
    assert recipe.stages["two"].instruction == "Be kind."


def test_stages_come_in_an_order_in_which_they_can_be_made(load):
    recipe = load(CHAIN)
    assert list(recipe.stages) == list(recipe.contracts) == ["raw", "told", "kept", "lines", "after"]
    assert recipe.upstream("kept") == ("raw", "told")
    assert recipe.downstream("told") == ("kept", "lines", "after")
    assert recipe.upstream("raw") == recipe.downstream("after") == ()


def test_a_stage_that_needs_all_rows_is_not_partitioned_nor_are_those_after_it(load):
    recipe = load(CHAIN)
    divided = {name: recipe.is_partitioned(name) for name in recipe.stages}
    assert divided == {"raw": True, "told": True, "kept": True, "lines": False, "after": False}


def test_a_stage_may_override_keys_of_the_teacher(load):
    recipe = load("""\
        teacher: {model: small, temperature: 0.2}
        stages:
          raw: {kind: source, sample: dialogs}
          told: {kind: rewrite, from: raw, instruction: x, teacher: {temperature: 0.9}}
        """)
    assert (recipe.teacher_of("told").model, recipe.teacher_of("told").temperature) == ("small", 0.9)
    assert recipe.teacher_of("raw").temperature == 0.2


def test_days_are_partitions_from_the_first_until_today(load):
    recipe = load("""\
        partitions: {daily: 2026-11-01}
        stages: {raw: {kind: source, sample: dialogs, rows: 2}}
        """)
    assert recipe.partition_keys(date(2026, 11, 3)) == ["2026-11-01", "2026-11-02", "2026-11-03"]
    assert recipe.partition_keys(date(2026, 10, 3)) == []
    assert recipe.partition("2026-11-03") == Partition("2026-11-03", 2, 1, "daily")
    for wrong in ("2026-10-31", "20261101", "today", "all"):
        with pytest.raises(RecipeError, match="days from 2026-11-01 on"):
            recipe.partition(wrong)


def test_shards_are_numbered_and_without_partitions_there_is_one(load, good):
    recipe = load(good)
    assert (recipe.partition_keys(), recipe.partition("all")) == (["all"], Partition())
    with pytest.raises(RecipeError, match='there is no partition "shard-00"'):
        recipe.partition("shard-00")
    many = load("partitions: {shards: 200}\nstages: {raw: {kind: source, sample: dialogs}}")
    assert many.partition("shard-017") == Partition("shard-017", 17, 200, "shards")
    with pytest.raises(RecipeError, match="shard-000 to shard-199"):
        many.partition("shard-17")
    assert load("partitions: none\nstages: {raw: {kind: source, sample: dialogs}}").partition_keys() == ["all"]


@given(st.dictionaries(st.integers(0, 9), st.lists(st.integers(0, 9), max_size=4), max_size=10))
def test_the_order_or_a_circle_is_always_found(edges):
    inputs = {str(name): [str(read) for read in reads if read in edges] for name, reads in edges.items()}
    order, circle = topological_order(inputs)
    if circle:
        assert circle[0] == circle[-1]
        assert all(after in inputs[before] for before, after in pairwise(circle))
    else:
        assert sorted(order) == sorted(inputs)
        assert all(order.index(read) < order.index(name) for name in order for read in inputs[name])


SHIPPED = find_recipes(settings.load({}))


def test_every_shipped_recipe_loads():
    assert SHIPPED.recipes
    assert (SHIPPED.broken, SHIPPED.notes) == ({}, [])


@pytest.mark.parametrize("name", SHIPPED.recipes)
def test_a_shipped_recipe_tells_what_it_is_and_what_it_may_cost(name):
    recipe = SHIPPED.recipes[name]
    assert recipe.shipped
    assert recipe.description
    assert recipe.budget.usd is not None
    assert all(stage.description for stage in recipe.stages.values())
    assert set(recipe.fingerprints()) == set(recipe.contracts) == set(recipe.stages)


def test_mitall_is_the_persona_of_the_guide():
    recipe = SHIPPED.recipes["mitall"]
    teacher = recipe.teacher
    assert (teacher.model, teacher.temperature, teacher.max_tokens) == ("mistral-small-latest", 0.2, 2048)
    assert [stage.kind for stage in recipe.stages.values()] == ["source", "rewrite", "judge", "chat_jsonl"]
    text = recipe.stages["rewritten_dialogs"].instruction
    for trait in ("happy", "Kind", "child", "playful", "science", "math", "art", "sad", "ghosts", "vampires"):
        assert trait in text


def test_mitall_switches_to_the_real_dataset_by_the_two_lines_beside_it(load):
    text = SHIPPED.recipes["mitall"].path.read_text("utf-8")
    switched = text.replace("    sample: dialogs\n", "")
    for key in ("dataset", "split"):
        assert f"    # {key}: " in text
        switched = switched.replace(f"# {key}: ", f"{key}: ")
    source = load(switched).stages["raw_dialogs"]
    assert (source.dataset, source.split) == ("HuggingFaceH4/ultrachat_200k", "train_sft")
