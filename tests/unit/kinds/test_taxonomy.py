"""`taxonomy`: leaves of every version and kind; one that cannot be read is a reject with its place."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

import pytest

from synth_assets.core.errors import RecipeError
from synth_assets.core.stage import Partition, Rejection, StageError
from synth_assets.kinds.read.taxonomy import Taxonomy


@dataclass
class Reach:
    folder: Path

    def query(self, sql: str):
        raise AssertionError(sql)


@pytest.fixture
def leaf(tmp_path):
    """Writes a leaf."""

    def write(leaf_path: str, text: str) -> None:
        path = tmp_path / "tree" / leaf_path / "qna.yaml"
        path.parent.mkdir(parents=True)
        path.write_text(dedent(text), "utf-8")

    return write


def read(home: Path, partition: Partition = Partition(), **keys):  # noqa: B008 - a frozen value
    stage = Taxonomy.model_validate({"kind": "taxonomy", "folder": "tree", **keys})
    stage.contract({})
    outcomes = list(stage.rows(partition, Reach(home)))
    return [each for each in outcomes if not isinstance(each, Rejection)], [
        e for e in outcomes if isinstance(e, Rejection)
    ]


SKILL = """\
    task_description: Counting
    created_by: me
    seed_examples:
      - question: What is 40 and 2?
        answer: 42
      - question: Is it more than 40?
        answer: yes
"""


def test_a_skill_is_one_row_and_every_word_is_text(tmp_path, leaf):
    leaf("skills/counting", SKILL)
    ((row,), _) = read(tmp_path)
    assert row == {
        "leaf": "skills/counting",
        "leaf_kind": "skill",
        "task": "Counting",
        "domain": None,
        "context": None,
        "seed_questions": ["What is 40 and 2?", "Is it more than 40?"],
        "seed_answers": ["42", "yes"],
        "document": None,
        "created_by": "me",
    }


def test_a_grounded_skill_has_a_row_for_each_context(tmp_path, leaf):
    leaf(
        "skills/grounded/summing_up",
        """\
        version: 2
        seed_examples:
          - {context: It rained., question: 'What happened?', answer: Rain.}
          - {context: It snowed., question: 'And now?', answer: Snow.}
          - {context: It rained., question: 'Is it wet?', answer: Yes.}
        """,
    )
    rows, _ = read(tmp_path)
    assert [(row["leaf_kind"], row["context"], row["seed_questions"]) for row in rows] == [
        ("grounded", "It rained.", ["What happened?", "Is it wet?"]),
        ("grounded", "It snowed.", ["And now?"]),
    ]
    assert rows[0]["task"] == "grounded, summing up", "without a description, its folders' names"


def test_knowledge_of_both_shapes(tmp_path, leaf):
    document = "document: {repo: https://example.org/x.git, commit: abc, patterns: [a.md, b.md]}"
    leaf("knowledge/old", f"version: 1\ndomain: birds\n{document}\nseed_examples: [{{question: 'A?', answer: B.}}]")
    leaf(
        "knowledge/recent",
        """\
        version: 3
        domain: birds
        document_outline: About birds
        seed_examples:
          - context: Owls fly.
            questions_and_answers: [{question: 'Who flies?', answer: Owls.}, {question: 'Do owls fly?', answer: Yes.}]
        """,
    )
    (old, recent), _ = read(tmp_path)
    assert (old["leaf_kind"], old["context"]) == ("knowledge", None)
    assert old["document"] == {"repo": "https://example.org/x.git", "commit": "abc", "patterns": ["a.md", "b.md"]}
    assert (recent["task"], recent["domain"], recent["context"]) == ("About birds", "birds", "Owls fly.")
    assert recent["seed_answers"] == ["Owls.", "Yes."]
    assert read(tmp_path, only=["skill"]) == ([], [])


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("seed_examples: [", "not YAML"),
        ("- a", "not a YAML mapping"),
        ("task_description: x", "no seed_examples"),
        ("seed_examples: many", "no seed_examples"),
        ("seed_examples: [one]", "seed example 1 is not a mapping"),
        (
            "seed_examples: [{question: 'A?', answer: B.}, {question: 'A?'}]",
            "seed example 2 lacks a question or its answer",
        ),
        ("seed_examples: [{context: x, questions_and_answers: []}]", "seed example 1 has no questions_and_answers"),
        ("version: 4\nseed_examples: [{question: 'A?', answer: B.}]", "version 4 is none of 1, 2, 3"),
    ],
)
def test_a_leaf_that_cannot_be_read_is_a_reject(tmp_path, leaf, text, why):
    leaf("skills/bad", text)
    leaf("skills/good", SKILL)
    rows, (reject,) = read(tmp_path)
    assert [row["leaf"] for row in rows] == ["skills/good"]
    assert reject.reason == "leaf cannot be read"
    assert reject.detail.startswith(f"skills/bad/qna.yaml: {why}")


def test_shards_divide_the_leaves(tmp_path, leaf):
    for number in range(20):
        leaf(f"skills/s{number}", SKILL if number else "no leaf")
    count = Counter()
    for shard in range(4):
        rows, rejects = read(tmp_path, Partition(f"shard-{shard:02}", shard, 4, "shards"))
        count.update([str(row["leaf"]) for row in rows] + [reject.reason for reject in rejects])
    assert len(count) == 20
    assert set(count.values()) == {1}


def test_what_cannot_be_meant(tmp_path):
    with pytest.raises(RecipeError, match="there is no folder tree"):
        read(tmp_path)
    with pytest.raises(StageError, match="a taxonomy has no days"):
        Taxonomy(folder="x").check_scheme("daily")


def test_the_16_leaves_of_the_shared_taxonomy(real_data):
    rows, rejects = read(real_data / "instructions", folder="taxonomy")
    assert not rejects
    kinds = {str(row["leaf"]): row["leaf_kind"] for row in rows}
    assert Counter(kinds.values()) == {"skill": 12, "grounded": 2, "knowledge": 2}
    assert len(rows) == 32
    assert all(len(row["seed_questions"]) == len(row["seed_answers"]) > 0 for row in rows)
