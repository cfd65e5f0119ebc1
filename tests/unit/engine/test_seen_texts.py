"""Seen texts and ordinals against what they save: sets and counts of the whole texts."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from synth_assets.engine.checks.seen_texts import SeenTexts
from synth_assets.engine.commit.row_ordinals import RowOrdinals

TEXTS = st.lists(st.text(max_size=3))


@given(TEXTS)
def test_a_text_is_new_once(texts: list[str]) -> None:
    seen, expected = SeenTexts(), set()
    for text in texts:
        assert seen.add(text) == (text not in expected)
        expected.add(text)


def test_many_texts_are_all_remembered() -> None:
    seen = SeenTexts()
    texts = [f"text {n}" for n in range(50_000)]
    assert all(map(seen.add, texts))
    assert not any(map(seen.add, texts))
    assert seen.add("text 50000")


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("xyz"))))
def test_ordinals_are_counted_by_their_origin(origins: list[tuple[str, ...]]) -> None:
    ordinals, before = RowOrdinals(), Counter[tuple[str, ...]]()
    for origin in origins:
        assert ordinals.next_ordinal(origin) == before[origin]
        before[origin] += 1
