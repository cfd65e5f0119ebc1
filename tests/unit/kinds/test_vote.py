"""`vote`: the law that order never matters, ties by rule, weights, many labels, and what people say goes first."""

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synth_assets.core.contract import Column, Contract
from synth_assets.core.stage import StageError
from synth_assets.kinds.choose.vote import Vote

Ballot = tuple[str, Any, str]
"""What a vote is about, what is said, and by whom."""


def vote(**keys: Any) -> Vote:
    return Vote.model_validate({"from": ["draws"], **keys})


def counted(stage: Vote, ballots: Sequence[Ballot], seed: int = 0, verdicts: Sequence[Sequence[Any]] = ()):
    """The rows of a vote by what they are about; the ballots lie in the table in an order of chance."""
    key = "labels" if stage.multiple else "label"
    kind = "VARCHAR[]" if stage.multiple else "VARCHAR"
    lines = [
        (f"row{number}", [about], "all", f"text of {about}", voted, f"because {number}", number, who)
        for number, (about, voted, who) in enumerate(ballots)
    ]
    random.Random(seed).shuffle(lines)
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE texts (row_id VARCHAR, parent_ids VARCHAR[], text VARCHAR)")
        connection.execute("INSERT INTO texts VALUES ('a', ['f1'], 'text of a'), ('silent', ['f2'], 'no answer')")
        connection.execute(
            "CREATE TABLE draws (row_id VARCHAR, parent_ids VARCHAR[], partition_key VARCHAR, text VARCHAR,"
            f" {key} {kind}, reason VARCHAR, draw BIGINT, annotator VARCHAR)"
        )
        connection.execute(
            f"CREATE TABLE people (row_id VARCHAR, subject VARCHAR, {key} {kind}, who VARCHAR, said_at TIMESTAMPTZ)"
        )
        if lines:
            connection.executemany("INSERT INTO draws VALUES (?, ?, ?, ?, ?, ?, ?, ?)", lines)
        if verdicts:
            connection.executemany("INSERT INTO people VALUES (?, ?, ?, ?, ?)", verdicts)
        found = connection.execute(stage.query())
        names = [column[0] for column in found.description]
        rows = [dict(zip(names, row, strict=True)) for row in found.fetchall()]
    return {row["subject"]: row for row in rows}


def ballots_for(*labels: str, about: str = "a", who: str = "m") -> list[Ballot]:
    return [(about, label, who) for label in labels]


def test_most_votes_win_and_the_row_says_how_sure_they_are():
    row = counted(vote(), ballots_for("up", "down", "up"))["a"]
    assert (row["label"], row["draws"], row["tied"]) == ("up", 3, False)
    assert (row["share"], row["margin"], row["entropy"]) == (0.666667, 0.333333, 0.918296)
    assert row["said"] == ["up", "down", "up"]
    assert row["reasons"] == ["because 0", "because 1", "because 2"]
    assert row["parent_ids"] == ["row0", "row1", "row2"]
    assert row["text"] == "text of a"


def test_unanimous_votes_have_no_entropy():
    row = counted(vote(), ballots_for("up", "up", "up"))["a"]
    assert (row["share"], row["margin"], row["entropy"], row["tied"]) == (1, 1, 0, False)


@pytest.mark.parametrize(
    ("ties", "label"),
    [
        ("abstain", None),
        ("first", "up"),
        ({"prefer": ["flat", "down"]}, "down"),
        ({"prefer": ["flat"]}, None),
        ({"random": 1}, "up"),
        ({"random": 4}, "down"),
    ],
)
def test_a_tie_is_settled_by_the_rule(ties, label):
    row = counted(vote(ties=ties), ballots_for("up", "down"))["a"]
    assert (row["label"], row["tied"]) == (label, True)


def test_a_tie_among_the_less_frequent_is_none():
    row = counted(vote(), ballots_for("up", "up", "flat", "down"))["a"]
    assert (row["label"], row["tied"], row["margin"]) == ("up", False, 0.25)


def test_weights_make_one_annotator_count_for_more():
    ballots = [*ballots_for("up", who="expert"), *ballots_for("down", "down", who="student")]
    assert counted(vote(), ballots)["a"]["label"] == "down"
    assert counted(vote(weights={"expert": 3}), ballots)["a"]["label"] == "up"
    assert counted(vote(weights={"student": 0.5}), ballots)["a"]["tied"] is True


def test_tenths_add_up_to_the_tenth():
    """In floating point 0.1 + 0.2 is more than 0.3, and this would be no tie."""
    ballots = [*ballots_for("up", who="a"), *ballots_for("up", who="b"), *ballots_for("down", who="c")]
    assert counted(vote(weights={"a": 0.1, "b": 0.2, "c": 0.3}), ballots)["a"]["tied"] is True


RULES = st.sampled_from(["abstain", "first", {"prefer": ["x", "z"]}, {"random": 7}])
ANNOTATORS = st.sampled_from(["m", "n", "it's"])
BALLOTS = st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("xyz"), ANNOTATORS), min_size=1, max_size=12)


@settings(max_examples=40)
@given(BALLOTS, RULES, st.integers(1, 99))
def test_the_order_of_the_votes_never_matters(ballots, ties, seed):
    stage = vote(ties=ties, weights={"n": 0.1, "it's": 0.7})
    assert counted(stage, ballots) == counted(stage, ballots, seed)


@settings(max_examples=40)
@given(BALLOTS)
def test_every_vote_is_counted_and_the_winner_is_one_of_the_most_frequent(ballots):
    rows = counted(vote(ties="first"), ballots)
    for about in {ballot[0] for ballot in ballots}:
        counts = Counter(ballot[1] for ballot in ballots if ballot[0] == about)
        assert rows[about]["draws"] == counts.total()
        assert counts[rows[about]["label"]] == max(counts.values())
        assert rows[about]["share"] == round(max(counts.values()) / counts.total(), 6)


LABEL_LISTS = st.lists(st.sampled_from("xyz"), unique=True, max_size=3)


@settings(max_examples=40)
@given(
    st.lists(st.tuples(st.sampled_from("ab"), LABEL_LISTS, ANNOTATORS), min_size=1, max_size=10),
    RULES,
    st.integers(1, 99),
)
def test_the_order_never_matters_where_there_are_many_labels(ballots, ties, seed):
    stage = vote(ties=ties, multiple=True)
    assert counted(stage, ballots) == counted(stage, ballots, seed)


def test_each_of_many_labels_is_voted_on_by_itself():
    ballots: list[Ballot] = [("a", ["x", "y"], "m"), ("a", ["x"], "m"), ("a", ["x", "z"], "m"), ("b", [], "m")]
    rows = counted(vote(multiple=True), ballots)
    assert rows["a"]["labels"] == ["x"]
    assert (rows["b"]["labels"], rows["b"]["share"]) == ([], 1)


@pytest.mark.parametrize(("ties", "labels"), [("abstain", None), ("first", ["x"]), ({"prefer": ["y"]}, ["x", "y"])])
def test_half_of_the_votes_for_a_label_is_a_tie(ties, labels):
    ballots: list[Ballot] = [("a", ["x"], "m"), ("a", ["x", "y"], "m")]
    assert counted(vote(multiple=True, ties=ties), ballots)["a"]["labels"] == labels


def test_the_latest_verdict_of_a_person_goes_before_the_votes():
    verdicts = [
        ("v1", "a", "down", "ann", "2026-01-01T00:00:00Z"),
        ("v2", "a", "flat", "bob", "2026-02-01T00:00:00Z"),
        ("v3", "gone", "up", "ann", "2026-01-01T00:00:00Z"),
    ]
    ballots = [*ballots_for("up", "up", "up"), *ballots_for("down", about="b")]
    rows = counted(vote(verdicts="people"), ballots, verdicts=verdicts)
    assert (rows["a"]["label"], rows["a"]["verdict_by"], rows["a"]["share"]) == ("flat", "bob", 1)
    assert rows["a"]["parent_ids"] == ["row0", "row1", "row2", "v2"]
    assert (rows["b"]["label"], rows["b"]["verdict_by"]) == ("down", None)


def test_rows_without_a_vote_are_there_too_and_a_verdict_labels_them():
    stage = vote(rows="texts", verdicts="people")
    row = counted(stage, ballots_for("up", "up"))["silent"]
    assert (row["label"], row["draws"], row["said"], row["share"], row["tied"]) == (None, 0, [], None, False)
    assert (row["text"], row["parent_ids"]) == ("no answer", ["silent"])
    verdicts = [("v1", "silent", "down", "ann", "2026-01-01T00:00:00Z")]
    rows = counted(stage, ballots_for("up", "up"), verdicts=verdicts)
    assert (rows["silent"]["label"], rows["silent"]["verdict_by"]) == ("down", "ann")
    assert rows["silent"]["parent_ids"] == ["silent", "v1"]
    assert (len(rows), rows["a"]["draws"]) == (2, 2)


def test_rows_without_a_vote_are_there_too_where_there_are_many_labels():
    ballots: list[Ballot] = [("a", ["x"], "m")]
    rows = counted(vote(rows="texts", multiple=True), ballots)
    assert (rows["a"]["labels"], rows["silent"]["labels"], rows["silent"]["draws"]) == (["x"], None, 0)


def test_a_row_that_nobody_could_label_may_have_no_label():
    made = vote(ties="first", rows="texts").contract(contracts(draws={"label": "text"}, texts={"text": "text"}))
    assert made.column("label").nullable
    assert made.column("share").nullable
    assert made.column("draws").minimum == 0


def contracts(**columns: Mapping[str, str]) -> dict[str, Contract]:
    return {name: Contract(tuple(Column(c, t) for c, t in kinds.items())) for name, kinds in columns.items()}


def test_what_several_stages_have_is_carried_along():
    stage = Vote.model_validate({"from": ["one", "two"]})
    one = {"text": "text", "label": "text", "draw": "integer", "annotator": "text"}
    made = stage.contract(contracts(one=one, two={"text": "text", "company": "text", "label": "text"}))
    assert made.names()[:2] == ("text", "company")
    assert made.column("company").nullable
    assert made.column("label").nullable


@pytest.mark.parametrize(
    ("keys", "table", "message"),
    [
        ({}, {"text": "text"}, 'has no column "label"'),
        ({}, {"label": "integer"}, "is integer, not text"),
        ({"multiple": True}, {"label": "text"}, 'has no column "labels"'),
        ({}, {"label": "text", "share": "number"}, 'has a column "share"'),
        ({"verdicts": "people"}, {"label": "text"}, 'has no column "subject"'),
    ],
)
def test_a_table_that_holds_no_votes_is_refused(keys, table, message):
    with pytest.raises(StageError, match=message):
        vote(**keys).contract(contracts(draws=table, people={"label": "text"}))
