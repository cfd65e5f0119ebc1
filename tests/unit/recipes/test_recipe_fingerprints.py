"""The fingerprint of a stage: what changes its data changes it, nothing else does."""

import pytest

from synth_assets.recipes import load_recipe

ALL = {"raw", "told", "kept", "lines"}

RECIPE = """\
description: a recipe
teacher:
  model: small
  temperature: 0.2
  limits: {concurrency: 8}
budget: {usd: 5}
stages:
  raw:
    kind: source
    inline:
      - {messages: [{role: user, content: Hi}, {role: assistant, content: Ho}]}
  told:
    kind: rewrite
    from: raw
    instruction: Be kind.
    checks: {warn_rejects: 0.2, max_rejects: 0.5}
  kept:
    kind: filter
    from: told
    where: len(messages) > 1
  lines:
    kind: chat_jsonl
    from: kept
    validation: 0.1
"""

CHANGES = {
    "nothing": ("", "", set()),
    "the recipe's description": ("a recipe", "the recipe", set()),
    "a stage's description": ("kind: filter", "kind: filter\n    description: only long ones", set()),
    "comments and layout": ("teacher:", "# who answers\nteacher:", set()),
    "the budget": ("usd: 5", "usd: 50", set()),
    "concurrency": ("concurrency: 8", "concurrency: 64, timeout_s: 5, retries: 0", set()),
    "how it is reached": ("model: small", "model: small\n  transport: sdk\n  api_key_env: OTHER_KEY", set()),
    "the schedule": ("budget:", 'schedule: "0 2 * * *"\nbudget:', set()),
    "owners and tags": ("budget:", "owners: [team:data]\ntags: {a: b}\nbudget:", set()),
    "a threshold that warns": ("warn_rejects: 0.2", "warn_rejects: 0.3", set()),
    "a default written out": ("kind: rewrite", "kind: rewrite\n    repairs: 2\n    column: messages", set()),
    "a source row": ("content: Hi", "content: Hello", ALL),
    "the seed": ("kind: source", "kind: source\n    seed: 7", ALL),
    "the partitions": ("budget:", "partitions: {shards: 4}\nbudget:", ALL),
    "the teacher's model": ("model: small", "model: large", ALL - {"raw"}),
    "the teacher's server": ("model: small", "model: small\n  base_url: http://127.0.0.1:1", ALL - {"raw"}),
    "the temperature": ("temperature: 0.2", "temperature: 0.3", ALL - {"raw"}),
    "a stage's own teacher": ("kind: rewrite", "kind: rewrite\n    teacher: {model: large}", ALL - {"raw"}),
    "the instruction": ("Be kind", "Be unkind", ALL - {"raw"}),
    "repairs": ("kind: rewrite", "kind: rewrite\n    repairs: 3", ALL - {"raw"}),
    "a gate": ("max_rejects: 0.5", "max_rejects: 0.4", ALL - {"raw"}),
    "a row check": ("kind: filter", "kind: filter\n    checks: {unique: [messages]}", {"kept", "lines"}),
    "the condition": ("> 1", "> 2", {"kept", "lines"}),
    "a stage's name": ("kept", "chosen", {"kept", "lines"}),
    "the export's split": ("validation: 0.1", "validation: 0.2", {"lines"}),
}


@pytest.mark.parametrize("name", CHANGES)
def test_only_what_shapes_the_data_changes_it(name, load):
    old, new, expected = CHANGES[name]
    before = load(RECIPE).fingerprints()
    after = load(RECIPE.replace(old, new)).fingerprints()
    assert {stage for stage in before if before[stage] != after.get(stage)} == expected


def test_it_is_the_same_wherever_the_recipe_lies_but_not_under_another_name(tmp_path, load):
    here = load(RECIPE).fingerprints()
    for folder, name, same in (("else", "mine", True), ("else", "other", False)):
        path = tmp_path / folder / f"{name}.yaml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(RECIPE)
        assert (load_recipe(path, shipped=True).fingerprints() == here) is same
