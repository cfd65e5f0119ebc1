"""`generate`: words or objects, any number of draws, a system prompt and what was said before."""

import json

import pytest

from synth_assets.core.contract import Column, Contract
from synth_assets.core.parse import Unreadable
from synth_assets.core.stage import Reject, StageError
from synth_assets.kinds.ask.generate import Generate
from tests.support.asking import made, reply, row

READ = Contract((Column("topic", "text"), Column("talk", "dialog")))
CARD = {
    "type": "object",
    "properties": {
        "title": {"type": "string", "description": "a few words"},
        "stars": {"type": "integer", "minimum": 1, "maximum": 5},
        "tone": {"enum": ["warm", "cold"]},
        "tags": {"type": "array", "items": {"type": "string"}},
        "more": {"type": "object"},
        "share": {"type": ["number", "null"]},
    },
    "required": ["title", "stars", "tone", "tags", "share"],
}
TALK = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello."}]


def stage(**keys) -> Generate:
    return Generate.model_validate({"kind": "generate", "from": "raw", **keys})


def test_words_go_into_a_column():
    asked = stage(prompt="Write about {{ topic }}.", system="You love {{ topic }}.", into="story")
    assert asked.contract({"raw": READ}).names() == ("topic", "talk", "story")
    (request,) = asked.requests(row(topic="soup"))
    assert [(m.role, m.content) for m in request.messages] == [
        ("system", "You love soup."),
        ("user", "Write about soup."),
    ]
    assert made(asked, row(topic="soup"), [" Once. \n"]) == ([{"topic": "soup", "story": "Once."}], [])


def test_each_draw_is_a_request_and_a_row_of_its_own():
    asked = stage(prompt="Say {{ topic }}", draws=3)
    assert [request.draw for request in asked.requests(row(topic="a"))] == [0, 1, 2]
    rows, _ = made(asked, row(topic="a"), ["x", "y", "x"])
    assert [(each["text"], each["draw"]) for each in rows] == [("x", 1), ("y", 2), ("x", 3)]


def test_what_was_said_before_goes_between():
    asked = stage(prompt="And {{ topic }}?", system="Be brief.", history="talk")
    (request,) = asked.requests(row(topic="Ada", talk=TALK))
    assert [m.role for m in request.messages] == ["system", "user", "assistant", "user"]
    (joined,) = asked.requests(row(topic="Ada", talk=TALK[:1]))
    assert [m.content for m in joined.messages[1:]] == ["Hi\n\nAnd Ada?"]
    (alone,) = stage(history="talk").requests(row(topic="Ada", talk=TALK[:1]))
    assert [m.content for m in alone.messages] == ["Hi"]
    with pytest.raises(Reject, match="nothing is asked"):
        stage(history="talk").requests(row(topic="Ada", talk=TALK))


def test_the_properties_of_an_object_are_columns():
    columns = {column.name: column for column in stage(prompt="x", schema=CARD).contract({"raw": READ}).columns}
    types = {name: (column.type, column.nullable) for name, column in columns.items()}
    assert types == {
        "topic": ("text", False),
        "talk": ("dialog", False),
        "title": ("text", False),
        "stars": ("integer", False),
        "tone": ("text", False),
        "tags": ("texts", False),
        "more": ("json", True),
        "share": ("number", True),
    }
    assert (columns["tone"].accepted, columns["title"].description) == (("warm", "cold"), "a few words")


def test_an_object_that_follows_the_schema_is_a_row():
    card = {"title": "Soup", "stars": 4.0, "tone": "warm", "tags": ["hot"], "share": None, "unasked": 1}
    asked = stage(prompt="x", schema=CARD)
    (request,) = asked.requests(row(topic="soup"))
    assert json.dumps(CARD["properties"]["tone"]) in request.messages[0].content
    rows, _ = made(asked, row(topic="soup"), [f"```json\n{json.dumps(card)}\n```"])
    wanted = {
        "topic": "soup",
        "title": "Soup",
        "stars": 4,
        "tone": "warm",
        "tags": ["hot"],
        "more": None,
        "share": None,
    }
    assert rows == [wanted]
    assert type(rows[0]["stars"]) is int


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"stars": 6}, "stars: 6 is greater than the maximum of 5"),
        ({"stars": "4"}, "stars: '4' is not of type 'integer'"),
        ({"tone": "grey"}, "tone: 'grey' is not one of"),
        ({"tags": [1]}, "tags/0: 1 is not of type 'string'"),
        ({"title": None}, "title: None is not of type 'string'"),
    ],
)
def test_an_object_that_does_not_is_sent_back_with_the_place(change, why):
    card = {"title": "Soup", "stars": 4, "tone": "warm", "tags": ["hot"], "share": 0.5, **change}
    with pytest.raises(Unreadable) as caught:
        stage(prompt="x", schema=CARD).read(row(), reply(json.dumps(card)))
    assert str(caught.value).startswith(why)


@pytest.mark.parametrize("number", ["1e999", "9" * 400, str(2**63)])
def test_numbers_that_no_table_holds_are_sent_back(number):
    schema = {"type": "object", "properties": {"n": {"type": "integer"}, "x": {}}}
    with pytest.raises(Unreadable):
        stage(prompt="x", schema=schema).read(row(), reply(f'{{"n": {number}}}'))


@pytest.mark.parametrize(
    ("keys", "why"),
    [
        ({}, "needs a prompt, a history, or both"),
        ({"prompt": "x", "schema": {"type": "array"}}, "must be of type object"),
        ({"prompt": "x", "schema": {"type": "object", "properties": {"a": {"type": "word"}}}}, "no JSON Schema"),
        ({"prompt": "x", "schema": {"type": "object", "properties": {"a b": {}}}}, '"a b" cannot name a column'),
        ({"prompt": "x", "schema": {"type": "object", "properties": {"row_id": {}}}}, "cannot name a column"),
        (
            {"prompt": "x", "schema": {"type": "object", "properties": {"a": {"$ref": "https://x.org/a"}}}},
            "leads out of the schema",
        ),
        ({"prompt": "x", "schema": CARD, "into": "y"}, "each property is a column"),
    ],
)
def test_a_stage_that_cannot_be_meant(keys, why):
    with pytest.raises(ValueError, match=why):
        stage(**keys)


@pytest.mark.parametrize(
    ("keys", "key"),
    [
        ({"prompt": "{{ topik }}"}, "prompt"),
        ({"prompt": "x", "system": "{{ topik }}"}, "system"),
        ({"history": "topic"}, "history"),
        ({"prompt": "x", "into": "topic"}, "into"),
        ({"prompt": "x", "schema": {"type": "object", "properties": {"topic": {}}}}, "schema"),
    ],
)
def test_a_stage_that_does_not_fit_what_it_reads(keys, key):
    with pytest.raises(StageError) as caught:
        stage(**keys).contract({"raw": READ})
    assert caught.value.key == key


def test_a_row_that_breaks_the_template_is_a_reject():
    with pytest.raises(Reject, match="the template cannot be filled in"):
        stage(prompt="{{ topic.upper() }}").requests(row(topic=None))
