"""Numbered lists as models write them: each item is read right or turned away, none is read wrong."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synth_assets.core.parse import Unreadable
from synth_assets.core.stage import Rejection
from synth_assets.kinds.support.asking.numbered_list import read_numbered

A, B, C = "How do I greet an old friend?", "Thank Ada for 3.5 kg of *plums*.", "Warum nicht: „Hallo“?"
LIST = [A, B, C]


@pytest.mark.parametrize(
    "text",
    [
        f"### Question 1: {A}\n\n### Question 2: {B}\n\n### Question 3: {C}",
        f"### Question 1:\n{A}\n### Question 2:\n{B}\n### Question 3:\n{C}\n\n### End",
        f"Sure, here are three questions:\n\n1. {A}\n2. {B}\n3. {C}\n\nI hope these help!",
        f"1) {A}\n2) {B}\n3) {C}",
        f"**1.** {A}\n**2.** {B}\n**3.** {C}",
        f"**Question 1:** {A}\n\n**Question 2:** {B}\n\n**Question 3:** {C}",
        f"**Question 1**: {A}\n**Question 2**: {B}\n**Question 3**: {C}",
        f"**1. {A}**\n\n2. {B}\n\n**3. {C}**",
        f"- Q1: {A}\n- Q2: {B}\n- Q3: {C}",
        f"(1) {A}\n(2) {B}\n(3) {C}",
        f"```\n1. {A}\n2. {B}\n3. {C}\n```",
        f'1. "{A}"\n2. “{B}”\n3. **{C}**',
        f" 1. {A}\n 2. {B}\n 3. {C}\n\n---\n",
        f"Question 4: {A}\nQuestion 5: {B}\nQuestion 6: {C}",
        f"### Question 1 - {A}\n### Question 2 – {B}\n### Question 3 — {C}\n### End\nLet me know about 4. these.",
    ],
)
def test_the_same_three_items_in_many_guises(text):
    assert read_numbered(text) == LIST


def test_an_item_may_hold_a_list_of_its_own():
    inner = "Put these in order:\n1. rain\n2. cloud\n3. sea"
    assert read_numbered(f"### Question 1: {inner}\n\n### Question 2: {A}\n### End") == [inner, A]
    deep = "Put these in order:\n   1. rain\n   2. cloud"
    assert read_numbered(f"1. {deep}\n2. {A}") == [deep, A]


def test_with_an_end_mark_the_last_item_may_have_paragraphs():
    table = "Read the table.\n\nday | rain\n1 | 3 mm"
    assert read_numbered(f"### Question 1: {A}\n### Question 2: {table}\n\n### End\nAnything else?") == [A, table]
    assert [type(item) for item in read_numbered(f"### Question 1: {A}\n### Question 2: {table}")] == [str, Rejection]


def test_a_blank_item_is_turned_away_and_the_others_stay():
    first, second = read_numbered(f"### Question 1:\n\n### Question 2: {A}")
    assert isinstance(first, Rejection)
    assert (first.reason, second) == ("an item is blank", A)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (f"1. {A}\nAnswer: with a hug.\n2. {B}", "answer"),
        (f"1. {A} Answer: with a hug.\n2. {B}", "answer"),
        (f"Q1: {A}\nA1: With a hug.\nQ2: {B}", "answer"),
        (f"Q1: {A}\nA: With a hug.\nQ2: {B}", "answer"),
        (f"### Question 1: {A}\n**Sample answer:**\nwith a hug.\n### Question 2: {B}\n### End", "answer"),
        (f"### Question 1: {A}\n### Answer\nwith a hug.\n### Question 2: {B}\n### End", "answer"),
        (f"1. {A}\n\n## For experts\n\n2. {B}", "heading"),
        (f"1. {A}\n\n**For experts**\n\n2. {B}", "heading"),
        (f"1. {A}\n```python\nx = 3\n2. {B}", "fence"),
    ],
)
def test_an_item_that_holds_more_than_a_question_is_turned_away(text, why):
    first, second = read_numbered(text)
    assert isinstance(first, Rejection)
    assert why in first.reason
    assert second == B


def test_what_only_looks_like_an_answer_stays():
    choice = "Which is a prime?\nA: four\nB: five"
    blank = "Fill in the blank.\nHer answer:"
    code = "What does this print?\n```python\n# the answer: 42\nprint(42)\n```"
    assert read_numbered(f"1. {choice}\n2. {blank}\n3. {A}") == [choice, blank, A]
    assert isinstance(read_numbered(f"1. {code}\n2. {A}")[0], Rejection), "better one too many"


@pytest.mark.parametrize(
    "ending", ["\n```", "\nEnd", "\nNote: none of them repeats.", "\n(Note: all are new.)", "\n\n###"]
)
def test_what_clings_to_the_last_item_is_not_taken_for_its_words(ending):
    first, last = read_numbered(f"1. {A}\n2. {B}{ending}")
    assert (first, type(last)) == (A, Rejection)


@pytest.mark.parametrize("ending", ["\n**End**", "\n### End of questions:", "\n# END #", "\n\n### End of the list."])
def test_ends_as_models_spell_them(ending):
    assert read_numbered(f"1. {A}\n2. {B}{ending}") == [A, B]


def test_items_after_the_end_are_not_lost_in_silence():
    with pytest.raises(Unreadable, match="more items after the end"):
        read_numbered(f"### Question 1: {A}\n### End\n### Question 2: {B}\n### End")


@pytest.mark.parametrize(
    "text",
    [f"\ufeff1. {A}\n2. {B}", f"1. \u200b{A}\u200b\r\n2. {B}\r\n", f"１. {A}\n２. {B}", f"1.\u00a0{A}\n2.\u00a0{B}"],
)
def test_what_cannot_be_seen_does_not_matter(text):
    assert read_numbered(text) == [A, B]


@pytest.mark.parametrize(
    "text",
    [f"Sure! {A}", f"Here is one:\n{A}", f"This may do:\n{A}", "I'm sorry, I can't help with that.", "I cannot do it.",
     f"- {A}", f"Question: {A}", f"| {A} |"],
)  # fmt: skip
def test_words_about_a_single_question_are_not_the_question(text):
    with pytest.raises(Unreadable):
        read_numbered(text, one=True)


def test_one_question_needs_no_number():
    assert read_numbered(A, one=True) == [A]
    with pytest.raises(Unreadable, match="no numbered items"):
        read_numbered(A)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "empty"),
        ("I would rather not.", "no numbered items"),
        (f"1. {A}\n3. {B}", "3 follows 1"),
        (f"1. {A}\n1. {B}", "1 follows 1"),
        (f"1. Choose:\n1. x\n2. y\n2. {A}", "1 follows 1"),
        (f"### Question 1: {A}\n2. {B}", "marked in two ways"),
        (f"1. Do this:\nTask 1: a\nTask 2: b\n2. {A}", "marked in two ways"),
        (f"1. {A}\n      2. {B}", "marked in two ways"),
        (f"{A}\n### Question 2: {B}", "something stands before it"),
    ],
)
def test_what_may_be_two_things_is_sent_back(text, why):
    with pytest.raises(Unreadable, match=why):
        read_numbered(text)


WORDS = st.sampled_from(
    [
        "how",
        "Explain",
        "my",
        "sister's",
        "3.5",
        "3rd",
        "1999",
        "{DATA_PATH}",
        "naïve",
        "数学",
        "(please)",
        "*very*",
        "a/b",
    ]
)
SENTENCE = st.lists(WORDS, min_size=2, max_size=8).map(" ".join).map(lambda text: f"Tell {text}?")
MARKERS = st.sampled_from(
    [
        "### Question {}: {}",
        "### Question {}:\n{}",
        "Question {}: {}",
        "**Question {}:** {}",
        "**Question {}: {}**",
        "Question {}. {}",
        "### {}. {}",
        "{}. {}",
        "{}) {}",
        "**{}.** {}",
        "**{}. {}**",
        "({}) {}",
        "- Q{}: {}",
        "* **Prompt {}:** {}",
    ]
)
PREAMBLE = st.sampled_from(["", "Sure!\n", "Here are the questions you asked for:\n\n", "# Questions\n\n", "\n\n"])
GAP = st.sampled_from(["\n", "\n\n", "\n\n\n", "  \n"])
HARMLESS = st.sampled_from(
    ["", "\n", "\n\n### End", "\n### End\n\nThat was all, more tomorrow.", "\n\nI hope these help you!"]
)


@settings(max_examples=1_000)
@given(st.lists(SENTENCE, min_size=1, max_size=12), MARKERS, PREAMBLE, GAP, HARMLESS)
def test_harmless_variants_are_read_right(items, marker, preamble, gap, ending):
    listed = gap.join(marker.format(number, item) for number, item in enumerate(items, start=1))
    assert read_numbered(preamble + listed + ending) == items


INSIDE = st.sampled_from(
    [
        "",
        "\n1. rain\n2. cloud",
        "\n\n1) x\n2) y\n3) z",
        "\n   1. deep\n   2. deeper",
        "\n\na | b\n1 | 2",
        "\n- one\n- two",
        "\n```\nx = 3\n```",
    ]
)
POSTSCRIPT = st.sampled_from(
    [
        "",
        "\n\nAll of them differ in topic.",
        "\n\nLet me know!",
        "\n### End\nBye.",
        "\nNumber 3 is hard.",
        "\n```",
        "\nEnd",
        "\n**End**",
        "\nNote: nothing is repeated.",
        "\nAnswer: none.",
    ]
)


@settings(max_examples=1_000)
@given(
    st.lists(st.tuples(SENTENCE, INSIDE, MARKERS, st.integers(0, 9)), min_size=1, max_size=6),
    PREAMBLE,
    POSTSCRIPT,
    st.booleans(),
)
def test_whatever_models_write_no_item_is_read_wrong(parts, preamble, ending, is_mixed):
    """Lists inside items, markers that change, numbers that jump, words that follow: right, or turned away.

    (Markers that change between lists inside items are left out: nobody could tell what they belong to.)
    """
    marker = parts[0][2]
    items, listed, number = [], [], 0
    for sentence, inside, own, luck in parts:
        number += 2 if luck == 0 and items else 1
        items.append(sentence if is_mixed else sentence + inside)
        listed.append((own if is_mixed else marker).format(number, items[-1]))
    # Words in the last line of the list cannot be told from words right under it: only a blank line may.
    wanted = {*items, items[-1] + ending} if ending == "\nNumber 3 is hard." else set(items)
    try:
        found = read_numbered(preamble + "\n".join(listed) + ending)
    except Unreadable:
        return
    read = [item for item in found if isinstance(item, str)]
    assert {_plain(item) for item in read} <= {_plain(item) for item in wanted}
    assert len(found) == len(items)


def _plain(text: str) -> str:
    """Bold type that a marker opened may stay open inside an item with several lines."""
    return text.replace("**", "")
