"""`deduplicate`: of rows that say nearly the same the first stays, and each of the others names it."""

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synth_assets.core.contract import Column, Contract
from synth_assets.core.stage import StageError
from synth_assets.kinds.choose.deduplicate import Deduplicate
from synth_assets.kinds.support.similarity.minhash import MinHash, _banding
from synth_assets.kinds.support.similarity.rouge_l import RougeL
from synth_assets.kinds.support.similarity.text_index import Exact, words
from tests.unit.kinds.sifting import rows, sifted

READ = {"questions": Contract((Column("question", "text"), Column("n", "integer")))}
SAID = [
    "How do I write a short and friendly e-mail to my old teacher?",
    "What should I bring to a picnic by the lake?",
    "How do I write a short, friendly e-mail to my old teacher?",
    "Explain tides to a child.",
    "explain TIDES to a child!",
]


def stage(**keys) -> Deduplicate:
    return Deduplicate.model_validate({"kind": "deduplicate", "from": "questions", "column": "question", **keys})


@pytest.mark.parametrize("by", ["minhash", "rouge_l"])
def test_the_first_of_those_alike_stays(by):
    kept, rejected = sifted(stage(by=by), rows("question", SAID))
    assert kept == ["r0", "r1", "r3"]
    assert rejected["r2"].startswith("like an earlier row: 0.")
    assert "like r0: How do I write" in rejected["r2"]
    assert rejected["r4"] == "like an earlier row: 1.00 like r3: explain TIDES to a child!"


def test_exact_means_the_same_words():
    kept, rejected = sifted(stage(by="exact"), rows("question", SAID))
    assert (kept, list(rejected)) == (["r0", "r1", "r2", "r3"], ["r4"])


def test_a_higher_threshold_keeps_more():
    assert sifted(stage(threshold=0.95), rows("question", SAID))[0] == ["r0", "r1", "r2", "r3"]


def test_texts_of_other_stages_count_as_seen():
    seeds = rows("examples", [["Explain tides to a child.", "Sing!"], ["What to bring to a picnic by the lake?"]], "s")
    kept, rejected = sifted(stage(against={"seeds": "examples"}), rows("question", SAID), {"seeds": seeds})
    assert kept == ["r0", "r1"]
    assert rejected["r3"].startswith("like a row of seeds: 1.00 like s0: Explain tides")


def test_dialogs_are_compared_by_what_is_said():
    talk = [
        {"role": "user", "content": "Hi there, how are you?"},
        {"role": "assistant", "content": "Very well, thanks."},
    ]
    kept, _ = sifted(stage(column="messages"), rows("messages", [talk, talk[:1], talk]))
    assert kept == ["r0", "r1"]


def test_what_it_reads():
    assert stage(against={"seeds": "q"}).inputs() == ("questions", "seeds")
    assert stage().contract(READ) == READ["questions"]
    with pytest.raises(StageError, match="is integer, not text or texts or dialog"):
        stage(column="n").contract(READ)
    with pytest.raises(StageError, match="compared with itself anyway"):
        stage(against={"questions": "question"}).contract(READ)


WORD = st.sampled_from("the a cat dog sat ran on mat hill quickly slowly".split())  # noqa: SIM905 - read as text
TEXT = st.lists(WORD, max_size=14).map(" ".join)
THRESHOLD = st.sampled_from([0.5, 0.7, 0.8, 1.0])


def _rouge(one: list[str], other: list[str]) -> float:
    """ROUGE-L by the textbook's table."""
    row = [0] * (len(other) + 1)
    for word in one:
        above = row[:]
        for position, against in enumerate(other, start=1):
            row[position] = above[position - 1] + 1 if word == against else max(above[position], row[position - 1])
    return 2 * row[-1] / (len(one) + len(other)) if one or other else 0.0


@given(st.lists(TEXT, max_size=25), THRESHOLD)
def test_rouge_finds_what_comparing_all_with_all_finds(texts, threshold):
    index, seen = RougeL(threshold), []
    for text in texts:
        scores = [_rouge(words(text), other) for other in seen]
        best = max(scores, default=0.0)
        wanted = (scores.index(best), best) if best >= threshold and best else None
        assert index.near(text) == wanted
        index.add(text)
        seen.append(words(text))


@given(st.lists(TEXT, max_size=25), THRESHOLD)
def test_minhash_names_only_what_is_alike(texts, threshold):
    """It may miss a pair at the threshold now and then; what it names is measured."""
    index = MinHash(threshold)
    for position, text in enumerate(texts):
        found = index.near(text)
        if words(text) in [words(earlier) for earlier in texts[:position]]:
            assert found is not None
            assert found[1] == 1.0
        if found is not None:
            assert found[1] >= threshold
            assert _shared(text, texts[found[0]]) == pytest.approx(found[1])
        index.add(text)


def _shared(one: str, other: str) -> float:
    sets = [_shingles(" ".join(words(text))) for text in (one, other)]
    return len(sets[0] & sets[1]) / len(sets[0] | sets[1])


def _shingles(text: str) -> set[str]:
    padded = text.ljust(5)
    return {padded[position : position + 5] for position in range(len(padded) - 4)}


def test_minhash_misses_hardly_any():
    """One word of twenty is another: of 500 such pairs at most one in a hundred stays unseen."""
    draw = random.Random(5)
    vocabulary = ["".join(draw.choices("abcdefghijklmnop", k=draw.randint(3, 9))) for _ in range(2_000)]
    index, found, wanted = MinHash(0.7), 0, 0
    for _ in range(500):
        text = draw.choices(vocabulary, k=20)
        index.add(" ".join(text))
        text[draw.randrange(20)] = "another"
        twin = " ".join(text)
        wanted += 1
        found += index.near(twin) is not None
    assert found >= 0.99 * wanted


@pytest.mark.parametrize("threshold", [0.3, 0.5, 0.7, 0.8, 0.9])
def test_the_bands_see_a_pair_at_the_threshold(threshold):
    bands, size = _banding(threshold)
    assert bands * size <= 128
    assert 1 - (1 - threshold**size) ** bands >= 0.99


@pytest.mark.parametrize("index", [Exact(), MinHash(0.7), RougeL(0.7)], ids=["exact", "minhash", "rouge_l"])
def test_texts_without_words_are_no_trouble(index):
    for text in ("", "?!", "数", "\ud800", "🦜🦜"):
        index.near(text)
        index.add(text)
    assert index.near("数") is not None


SAME_EVERYWHERE = """
import random
from synth_assets.kinds.support.similarity.minhash import MinHash
from synth_assets.kinds.support.similarity.rouge_l import RougeL
draw = random.Random(3)
vocabulary = ["".join(draw.choices("abcdefghij", k=4)) for _ in range(60)]
texts = [" ".join(draw.choices(vocabulary, k=6)) for _ in range(300)]
for index in (MinHash(0.3), RougeL(0.3)):
    for text in texts:
        found = index.near(text)
        print(found)
        if found is None:
            index.add(text)
"""


def test_every_process_finds_the_same_twins():
    """Python's own hashes differ from process to process; none of them is used."""
    printed = [
        subprocess.run(
            [sys.executable, "-c", SAME_EVERYWHERE],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(Path(__file__).parents[3])},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    ]
    assert printed[0] == printed[1]
    assert printed[0].count("None") < 600, "and there are some"
