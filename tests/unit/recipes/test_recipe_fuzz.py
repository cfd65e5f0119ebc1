"""Whatever a person writes, a recipe loads or its problems are told: nothing else ever happens."""

import json
from copy import deepcopy
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synth_assets.recipes import BrokenRecipe, Recipe, find_recipes, load_recipe
from synth_assets.settings import load as load_settings

MITALL = find_recipes(load_settings({})).recipes["mitall"].path.read_text("utf-8")
WHOLE = {
    "description": "a",
    "teacher": {"model": "m", "temperature": 0.2, "limits": {"concurrency": 3}, "stop": ["x"]},
    "budget": {"usd": 5},
    "partitions": {"daily": "2026-11-01"},
    "schedule": "0 2 * * *",
    "owners": ["team:a"],
    "tags": {"a": "b"},
    "stages": {
        "raw": {
            "kind": "source",
            "inline": [{"text": "a", "m": [{"role": "user", "content": "a"}]}],
            "columns": {"text": "text", "messages": {"type": "dialog", "from": "m"}},
            "rows": 3,
            "checks": {"unique": ["text"], "accepted": {"text": ["a"]}},
        },
        "kept": {"kind": "filter", "from": "raw", "where": "text = 'a'"},
        "told": {"kind": "rewrite", "from": "kept", "instruction": "{{ text }}", "teacher": {"model": "n"}},
    },
}
ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(["raw", "text", "{{ x", "("]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


def outcome(text: str) -> Recipe | BrokenRecipe:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "mine.yaml"
        path.write_bytes(text.encode("utf-8", "surrogatepass"))
        try:
            return load_recipe(path)
        except BrokenRecipe as error:
            broken = error
    assert broken.problems
    assert all("mine.yaml" in str(problem.where) for problem in broken.problems)
    return broken


def test_what_is_changed_below_is_sound():
    assert isinstance(outcome(json.dumps(WHOLE)), Recipe)


def paths(value, path=()):
    """The path of every value inside."""
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield from paths(inner, (*path, key))


@settings(max_examples=300)
@given(st.sampled_from([path for path in paths(WHOLE) if path]), ODD)
def test_any_value_at_any_key_loads_or_is_a_broken_recipe(path, value):
    changed = deepcopy(WHOLE)
    inner = changed
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    outcome(json.dumps(changed))


@settings(max_examples=300)
@given(st.integers(0, len(MITALL)), st.integers(0, 30), st.text(max_size=5) | st.sampled_from(list("&*!|>{}[]:-#\t\n")))
def test_any_typo_loads_or_is_a_broken_recipe(index, removed, written):
    outcome(MITALL[:index] + written + MITALL[index + removed :])


@given(st.text())
def test_any_text_is_a_broken_recipe(text):
    assert isinstance(outcome(text), BrokenRecipe)


@pytest.mark.parametrize("text", ["stages: " + "[" * 5_000, "{a: " * 5_000, "a: &a [*a, *a]", "---\na: 1\n---\nb: 2"])
def test_a_text_made_to_harm_is_a_broken_recipe(text):
    assert isinstance(outcome(text), BrokenRecipe)
