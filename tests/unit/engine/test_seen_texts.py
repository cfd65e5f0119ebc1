"""Marks and siblings against what they save: sets and counts of the whole texts."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from synth_assets.engine.checks.seen_texts import SeenTexts
from synth_assets.engine.commit.row_ordinals import RowOrdinals

TEXTS = st.lists(st.text(max_size=3))


@given(TEXTS)
def test_a_text_is_new_once(texts: list[str]) -> None:
    marks, seen = SeenTexts(), set()
    for text in texts:
        assert marks.add(text) == (text not in seen)
        seen.add(text)


def test_many_texts_are_all_remembered() -> None:
    marks = SeenTexts()
    texts = [f"text {n}" for n in range(50_000)]
    assert all(map(marks.add, texts))
    assert not any(map(marks.add, texts))
    assert marks.add("text 50000")


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("xyz"))))
def test_siblings_are_counted_by_their_origin(origins: list[tuple[str, ...]]) -> None:
    siblings, before = RowOrdinals(), Counter[tuple[str, ...]]()
    for origin in origins:
        assert siblings.place(origin) == before[origin]
        before[origin] += 1
