"""The `goal:` of a recipe: which stage grows for it, what is wrong with one, and what it changes of fingerprints."""

import pytest

HEAD = "goal: {stage: kept%s, rows: 9}\n"
STAGES = """stages:
  raw: {kind: source, sample: dialogs, rows: 5}
  told: {kind: rewrite, from: raw, instruction: x}
  drawn: {kind: generate, from: told, history: messages, prompt: Go on., draws: 3}
  kept: {kind: filter, from: drawn, where: draw < 3}
  split: {kind: chat_jsonl, from: kept}
"""
CASES = {
    "no such stage": (
        "goal: {stage: kepd, rows: 9}\n" + STAGES,
        'mine.yaml:1 goal.stage: no stage is called "kepd", did you mean "kept"?',
    ),
    "what grows is not read": (
        HEAD % ", grows: split" + STAGES,
        'mine.yaml:1 goal.grows: "split" is no stage that "kept" reads: raw, told, drawn, kept',
    ),
    "what cannot grow": (
        HEAD % ", grows: told" + STAGES,
        'mine.yaml:1 goal.grows: "told" cannot be asked for more; those that can: raw, drawn',
    ),
    "nothing can grow": (
        HEAD % "" + "stages: {kept: {kind: source, sample: dialogs}}\n",
        'mine.yaml:1 goal.stage: "kept" reads no stage that can be asked for more',
    ),
    "days of a source": (
        "partitions: {daily: 2026-11-01}\n" + HEAD % ", grows: raw" + STAGES,
        'mine.yaml:2 goal.grows: each day has its own rows of "raw"; let a stage after it grow',
    ),
    "a whole of partitions": (
        "partitions: {shards: 2}\ngoal: {stage: split, rows: 9}\n" + STAGES,
        'mine.yaml:2 goal.stage: "split" is made of all partitions of "drawn"; name a stage before it',
    ),
    "an unknown key": (
        "goal: {stage: kept, rows: 9, round: 3}\n" + STAGES,
        'mine.yaml:1 goal.round: unknown key, did you mean "rounds"?',
    ),
    "no rows": (
        "goal: {stage: kept}\n" + STAGES,
        "mine.yaml:1 goal.rows: this key is needed",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_goal_that_cannot_be_reached_is_reported_with_its_line(case, problems):
    text, expected = CASES[case]
    assert problems(text) == [expected]


def test_the_nearest_stage_that_can_grow_is_chosen(load):
    assert load(HEAD % "" + STAGES).goal.grows == "drawn"
    assert load(HEAD % ", grows: raw" + STAGES).goal_chain() == ("told", "drawn", "kept")


def test_a_goal_changes_the_fingerprints_of_the_stage_that_grows_and_the_one_that_counts(load):
    before = load(STAGES).fingerprints()
    after = load(HEAD % "" + STAGES).fingerprints()
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {"drawn", "kept", "split"}


def test_the_stage_that_grows_is_stale_when_a_stage_after_it_changes(load):
    """Another filter accepts others, so that more or less must be asked for."""
    before = load(HEAD % "" + STAGES).fingerprints()
    after = load(HEAD % "" + STAGES.replace("draw < 3", "draw < 2")).fingerprints()
    assert {name for name in before if before[name] != after[name]} == {"drawn", "kept", "split"}
