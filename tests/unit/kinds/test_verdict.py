"""Verdicts in words and in JSON: the score that was meant, or none."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from synth_assets.core.parse import Unreadable
from synth_assets.kinds.support.judging.scale import AnyScale, Scale, check_keep, combine_scores, is_kept
from synth_assets.kinds.support.judging.verdict import verdict_in_json, verdict_in_words

THREE = Scale(lowest=1, highest=3)
TEN = Scale(lowest=1, highest=10)
BINARY = Scale(lowest=0, highest=1)
WHY = "The mail is friendly and complete. It even names the day, the 3 guests and 2 trains."


@pytest.mark.parametrize(
    "text",
    [
        f"{WHY}\n\nScore: 3",
        f"{WHY}\nScore: 3/3",
        f"{WHY}\n**Score:** 3",
        f"{WHY}\n**Score: 3**",
        f"{WHY}\n### Score: 3.",
        f"{WHY}\nFinal score: 3 out of 3",
        f"{WHY}\nScore = 3",
        f"{WHY}\nScore：3",
        f"{WHY}\nScore: 3 (out of 3)",
        f"{WHY}\r\nScore: `3`\r\n",
        f"{WHY}\nScore: ３",
        f"{WHY}\nScore:\n\n3",
        f"{WHY}\nRating: [[3]]",
        f"{WHY}\n[[3]]",
        f"{WHY}\nThe score is 3.0 (excellent)",
        f"Explanation: {WHY}\nScore - 3",
        f"Score: 3\n\n{WHY}",
        f"Score: 3\n\n{WHY}\n\n**Overall score**: 3",
        f"```\n{WHY}\nSCORE: 3\n```",
    ],
)
def test_one_verdict_in_many_guises(text):
    verdict = verdict_in_words(text, THREE)
    assert (verdict.score, verdict.explanation) == (3, WHY)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "no line like: Score: 3"),
        (WHY, "no line like: Score: 3"),
        ("Score: 3", "explains nothing"),
        (f"{WHY} I would give it a Score: 3", "no line like"),
        (f"{WHY}\nScore: 2-3", "cannot be read: 2-3"),
        (f"{WHY}\nScore: 2 or 3", "cannot be read"),
        (f"{WHY}\nScore: 2.5", "cannot be read"),
        (f"{WHY}\nScore: -1", "cannot be read"),
        (f"{WHY}\nScore: three", "cannot be read"),
        (f"{WHY}\nScore: 4", "the score 4 is not on the scale of 1 to 3"),
        (f"{WHY}\nScore: 0", "the score 0 is not on the scale of 1 to 3"),
        (f"{WHY}\nScore: 3/5", "out of 5"),
        (f"{WHY}\nScore: 2\nOn reflection:\nScore: 3", "more than one score"),
        (f"{WHY}\nScore: 2\nRevised score: 3", "more than one score"),
        (f"{WHY}\nScore: 2\nThe score should be 3.", "more than one score"),
        (f"{WHY}\nThe score would be 3 if it were longer.\nScore: 2", "cannot be read"),
        (f"{WHY}\nScore: 3 (2 for style)", "cannot be read"),
        (f"{WHY}\n{{'score': 3}}", "no line like"),
        (f"{WHY}\nScore: 1 means wrong\nScore: 3", "cannot be read"),
        (f"{WHY}\nScore:", "ends before the score"),
    ],
)
def test_what_is_not_clear_is_sent_back(text, why):
    with pytest.raises(Unreadable, match=why):
        verdict_in_words(text, THREE)


def test_talk_of_scores_is_no_score():
    text = "Scores well on tone.\nScoreless otherwise.\nRating this is easy.\n\nScore: 2"
    assert verdict_in_words(text, THREE).score == 2


@pytest.mark.parametrize("score", [2, 2.0, "2", " 2 "])
def test_json_may_stand_in_a_fence(score):
    answer_text = json.dumps({"explanation": WHY, "score": score})
    assert verdict_in_json(f"```json\n{answer_text}\n```", THREE).score == 2


@pytest.mark.parametrize("text", ["{'explanation': 'x', 'score': 2}", '{"explanation": "x", "score": 2, "score": 3}',
                                  '{"explanation": "x", "score": 2}\n{"explanation": "x", "score": 3}'])  # fmt: skip
def test_what_is_not_one_json_object_is_sent_back(text):
    with pytest.raises(Unreadable):
        verdict_in_json(text, THREE)


@pytest.mark.parametrize("score", [2, 2.0, "2", " 2 "])
def test_json_spells_whole_numbers_in_several_ways(score):
    assert verdict_in_json(json.dumps({"explanation": WHY, "score": score}), THREE).score == 2


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ({"score": 2}, 'no "explanation"'),
        ({"explanation": " ", "score": 2}, 'no "explanation"'),
        ({"explanation": WHY}, 'no "score"'),
        ({"explanation": WHY, "score": None}, 'no "score"'),
        ({"explanation": WHY, "score": True}, 'no "score"'),
        ({"explanation": WHY, "score": 2.5}, 'no "score"'),
        ({"explanation": WHY, "score": "2 of 3"}, 'no "score"'),
        ({"explanation": WHY, "score": [2]}, 'no "score"'),
        ({"explanation": WHY, "score": 7}, "not on the scale"),
        ("Score: 3", "not an object"),
    ],
)
def test_json_that_gives_no_score_is_sent_back(answer, why):
    with pytest.raises(Unreadable, match=why):
        verdict_in_json(json.dumps(answer), THREE)


WORDS = st.lists(
    st.sampled_from(["The", "answer", "is", "3", "good,", "scores", "10", "2/3", "–", "(why)", "数学", "rating"]),
    min_size=1,
)
EXPLANATION = st.lists(WORDS.map(" ".join), min_size=1, max_size=4).map(
    lambda lines: "\n".join(f"So: {x}" for x in lines)
)
CLEAR = st.sampled_from(
    ["Score: {}", "score: {}", "**Score**: {}", "**Score: {}**", "Score: {}/10", "- Rating: {}", "Final Score: [[{}]]",
     "Score: {} out of 10.", "### Score\n{}", "Score: **{}**", "Overall rating = {}", "[[{}]]",
     "Score: {}.0", "Score is {}"]
)  # fmt: skip
UNCLEAR = st.sampled_from(
    ["Score: {}-10", "Score: {} or 9", "Score: {}.5", "Score: {}/100", "Score: -{}", "Score: about {}", "Score: !{}",
     "Score: {}\nScore: 11", "I say {}", "Score {}th", "Score: {},5", "Score: {} to 9", "Score: {} %", "Score: x{}"]
)  # fmt: skip


@settings(max_examples=1_000)
@given(EXPLANATION, CLEAR, st.integers(1, 10), st.booleans())
def test_a_clear_verdict_is_read_right(explanation, shape, score, score_first):
    parts = [shape.format(score), explanation]
    parts = parts if score_first else parts[::-1]
    verdict = verdict_in_words("\n\n".join(parts), TEN)
    assert (verdict.score, verdict.explanation) == (score, explanation)


@settings(max_examples=1_000)
@given(EXPLANATION, st.lists(st.tuples(st.one_of(CLEAR, UNCLEAR), st.integers(0, 12)), max_size=3))
def test_a_verdict_is_read_right_or_not_at_all(explanation, lines):
    meant = {number for shape, number in lines if shape != "I say {}"}
    text = "\n".join([explanation, *(shape.format(number) for shape, number in lines)])
    try:
        score = verdict_in_words(text, TEN).score
    except Unreadable:
        return
    assert {score} == meant
    assert 1 <= score <= 10


class _Judge(BaseModel):
    scale: AnyScale


@pytest.mark.parametrize(
    ("written", "scale"),
    [
        ({"lowest": 1, "highest": 3}, THREE),
        ("1..10", TEN),
        ("1 to 10", TEN),
        ("binary", BINARY),
        ("0..1", BINARY),
    ],
)
def test_scales_as_recipes_write_them(written, scale):
    assert _Judge(scale=written).scale == scale


@pytest.mark.parametrize("written", ["good", "3", "10..1", "1..1", {"lowest": 3, "highest": 1}, {"lowest": 1}, None])
def test_what_is_no_scale(written):
    with pytest.raises(ValidationError):
        _Judge(scale=written)


def test_several_scores_become_one():
    assert combine_scores([3, 3, 1], "majority") == 3
    assert combine_scores([3, 1], "majority") == 1, "of equally frequent scores the lower one counts"
    assert combine_scores([3, 2, 1, 2], "mean") == 2
    assert combine_scores([3, 2, 3], "minimum") == 2


@pytest.mark.parametrize("text", [">= 2", ">1", "> 1.5", "== 3", "= 3", "< 3", "<=2"])
def test_conditions_that_keep_some(text):
    check_keep(text, THREE)
    assert any(is_kept(score, text) for score in (1, 2, 3))


@pytest.mark.parametrize(
    ("text", "why"),
    [(">= 4", "keeps no score"), (">= 1", "keeps every score"), ("at least 3", "expected a comparison")],
)
def test_conditions_that_cannot_be_meant(text, why):
    with pytest.raises(ValueError, match=why):
        check_keep(text, THREE)
