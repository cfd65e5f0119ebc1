"""`annotate`: harmless variation is mapped to the label it means; whatever is not surely a label is sent back."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synth_assets.core.contract import Column, Contract
from synth_assets.core.parse import Unreadable
from synth_assets.core.request import Reply
from synth_assets.core.stage import Answer, Reject, Row, StageError
from synth_assets.kinds.ask.annotate import Annotate, Annotation
from synth_assets.kinds.support.labels.label_names import label_of

LABELS = {"positive": "good news", "not positive": "", "n/a": "", "C++": "", "C": "", "5": "", "-5": ""}
SENTIMENT = ("positive", "negative", "neutral")
ROW = Row("r", {"text": "Profit rose.", "company": "Acme"})


def annotate(**keys) -> Annotate:
    return Annotate.model_validate(
        {"from": "texts", "instruction": "Judge {{ company }}.", "labels": list(SENTIMENT), **keys}
    )


def reply(text: str) -> Reply:
    return Reply(text, "stop", "small", 1, 1, 0.0, 0.1, 1, 0.0)


@pytest.mark.parametrize(
    ("answer", "label"),
    [
        ("positive", "positive"),
        (" Positive.\n", "positive"),
        ('"POSITIVE"', "positive"),
        ("**positive**", "positive"),
        ("Label: positive", "positive"),
        ("The answer is: positive", "positive"),
        ("not positive", "not positive"),
        ("Not-Positive", "not positive"),
        ("not_positive!", "not positive"),
        ("N/A", "n/a"),
        ("c++", "C++"),
        ("C.", "C"),
        ("5", "5"),
        ("-5", "-5"),
        (5, "5"),
    ],
)
def test_harmless_variation_is_mapped(answer, label):
    assert label_of(answer, tuple(LABELS)) == label


@pytest.mark.parametrize(
    "answer",
    ["", " ", "posit", "positive?", "positive or negative", "neutral leaning towards positive", "somewhat positive",
     "not at all positive", "in-positive", "C#", "FAIL", None, ["positive"], {"label": "positive"}, 5.0, "!positive"],
)  # fmt: skip
def test_what_is_not_surely_a_label_is_none(answer):
    with pytest.raises(Unreadable):
        label_of(answer, tuple(LABELS))


@given(st.text())
def test_whatever_is_said_it_is_a_label_or_unreadable(text):
    """And where it is a label, its letters are all there: nothing is read into it."""
    try:
        found = label_of(text, SENTIMENT)
    except Unreadable:
        return
    assert found in text.lower()


@given(
    st.text(min_size=1, max_size=30), st.lists(st.text(min_size=1, max_size=10), min_size=2, max_size=5, unique=True)
)
def test_a_label_spelled_exactly_is_itself(noise, names):
    for name in names:
        if name.strip() and sum(name.strip() == other.strip() for other in names) == 1:
            assert label_of(name, names) == name


@pytest.mark.parametrize(
    ("answer", "label"),
    [
        ("「肯定」", "肯定"),
        ("肯定。", "肯定"),
        ("„Größer“", "größer"),
        ("GRÖSSER!", "größer"),
        ("gro\u0308ßer", "größer"),
    ],
)
def test_labels_of_other_languages_come_in_their_own_quotes_and_stops(answer, label):
    assert label_of(answer, ("肯定", "不肯定", "größer")) == label


def test_labels_that_differ_only_in_case_are_told_apart_or_not_at_all():
    assert label_of("US", ("US", "us")) == "US"
    with pytest.raises(Unreadable):
        label_of("Us", ("US", "us"))


REASONED = [
    '{"reason": "it rose", "label": "positive"}',
    '```json\n{"reason": "it rose", "label": "Positive"}\n```',
    "{'reason': 'it rose', 'label': 'positive'}",
    "```python\n{'reason': 'it rose', 'label': 'positive',}\n```",
    '{"Reason": "it rose", "LABEL": "positive."}',
]


@pytest.mark.parametrize("text", REASONED)
def test_a_reasoned_answer_in_any_spelling(text):
    stage = annotate(style="reasoned")
    assert stage.read(ROW, reply(text)) == Annotation("positive", "it rose")


@pytest.mark.parametrize(
    "text",
    [
        "positive",
        "{}",
        '{"label": "positive"}',
        '{"reason": " ", "label": "positive"}',
        '{"reason": "it rose", "label": "rather positive"}',
        '{"reason": "x", "label": "positive", "label": "negative"}',
        "{'reason': 'x', 'label': 'positive', 'label': 'negative'}",
        '{"reason": "x", "label": "positive", "Label": "negative"}',
        "{'reason': __import__('os'), 'label': 'positive'}",
        "[" * 5000,
        "FAIL",
    ],
)
def test_an_answer_that_cannot_be_mapped_is_sent_back(text):
    with pytest.raises(Unreadable):
        annotate(style="reasoned").read(ROW, reply(text))


@given(st.text())
def test_no_reply_breaks_the_parser(text):
    for stage in (annotate(), annotate(style="reasoned"), annotate(multiple=True)):
        try:
            stage.read(ROW, reply(text))
        except Unreadable:
            continue


def test_a_word_may_come_as_an_object():
    assert annotate().read(ROW, reply('{"label": "negative"}')) == Annotation("negative")


def test_many_labels_come_once_and_in_the_order_of_the_recipe():
    stage = annotate(multiple=True)
    answer = stage.read(ROW, reply('{"labels": ["Neutral", "positive", "neutral"]}'))
    assert answer == Annotation(["positive", "neutral"])
    assert stage.read(ROW, reply('{"labels": []}')) == Annotation([])
    for bad in ('{"labels": "positive"}', '{"labels": ["positive", "good"]}', '{"label": "positive"}'):
        with pytest.raises(Unreadable):
            stage.read(ROW, reply(bad))


def test_each_draw_is_a_row_of_its_own():
    stage = annotate(style="reasoned", draws=3)
    requests = stage.requests(ROW)
    assert [request.draw for request in requests] == [0, 1, 2]
    assert len({request.messages for request in requests}) == 1
    answer = reply('{"reason": "it rose", "label": "positive"}')
    answers = [Answer(request, answer, stage.read(ROW, answer)) for request in requests[1:]]
    outcomes = [getattr(outcome, "outcome", outcome) for outcome in stage.rows(ROW, answers)]
    assert [(row["draw"], row["label"], row["annotator"], row["company"]) for row in outcomes] == [
        (1, "positive", "small", "Acme"),
        (2, "positive", "small", "Acme"),
    ]


def test_the_prompt_shows_labels_examples_and_the_form_of_the_answer():
    example = {"text": "Sales fell.", "label": "negative", "reason": "Less is worse."}
    stage = annotate(labels={"positive": "up", "negative": "down"}, examples=(example,), style="reasoned")
    system, user = stage.requests(ROW)[0].messages
    assert system.content.startswith("Judge Acme.\n\nThe labels:\n- positive: up\n- negative: down\n\n")
    assert system.content.endswith('Example: Sales fell.\nAnswer: {"reason": "Less is worse.", "label": "negative"}')
    assert user.content == "Profit rose."
    schema = stage.requests(ROW)[0].schema
    assert schema is not None
    assert json.dumps(schema.fields)


def test_a_text_that_is_not_there_costs_nothing():
    with pytest.raises(Reject):
        annotate().requests(Row("r", {"text": "  ", "company": "Acme"}))


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"labels": ("one",)}, "at least 2"),
        ({"examples": ({"text": "x", "label": "good"},)}, '"good" is none of'),
        ({"examples": ({"text": "x", "label": "positive"},), "style": "reasoned"}, "needs a reason"),
        ({"examples": ({"text": "x", "label": ("positive",)},)}, "label is one name"),
        ({"draws": 0}, "greater than or equal to 1"),
    ],
)
def test_a_recipe_that_makes_no_sense_is_refused(keys, message):
    if "labels" in keys:
        keys = {"labels": dict.fromkeys(keys["labels"], "")}
    with pytest.raises(ValueError, match=message):
        annotate(**keys)


def test_a_column_that_it_would_overwrite_is_named():
    texts = Contract((Column("text", "text"), Column("company", "text"), Column("label", "text")))
    with pytest.raises(StageError, match='has a column "label"'):
        annotate().contract({"texts": texts})
