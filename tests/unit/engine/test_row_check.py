"""Pandera is asked about rows in doubt only, and would have said nothing else about the others."""

import math
from datetime import UTC, datetime

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import synth_assets.engine.checks.row_check
from synth_assets.core.contract import Column, Contract, Values
from synth_assets.engine.checks.row_check import RowCheck

CONTRACT = Contract(
    (
        Column("text", "text", min_length=1, max_length=3),
        Column("label", "text", nullable=True, accepted=("a", "b")),
        Column("n", "integer", minimum=0),
        Column("x", "number", nullable=True, minimum=-1, maximum=1),
        Column("share", "number"),
        Column("sure", "boolean"),
        Column("at", "timestamp"),
        Column("talk", "dialog", min_length=1),
        Column("tags", "texts", accepted=("a", "b")),
        Column("more", "json", nullable=True),
    )
)
GOOD = {
    "text": "abc",
    "label": None,
    "n": 0,
    "x": None,
    "share": 0.5,
    "sure": True,
    "at": "2026-01-01",
    "talk": [{"role": "user", "content": "hi"}],
    "tags": ["a"],
    "more": {"a": [1]},
}
ANYTHING = st.one_of(
    st.sampled_from([None, math.nan, math.inf, pd.NaT, True, False, "", "a", "abc", "abcd", [], ["a"], ["c"], [1]]),
    st.sampled_from([GOOD["talk"], [{"role": "user"}], {}, {"role": "user"}, datetime(2026, 1, 1, tzinfo=UTC)]),
    st.integers(-2, 2),
    st.floats(-2, 2),
)
ROWS = st.builds(lambda changed: {**GOOD, **changed}, st.dictionaries(st.sampled_from(sorted(GOOD)), ANYTHING))


@settings(max_examples=40)
@given(st.lists(ROWS, min_size=1, max_size=8))
def test_who_is_not_asked_says_the_same(rows: list[Values]) -> None:
    asked = RowCheck(CONTRACT)
    asked._surely_passes = lambda row: False  # type: ignore[method-assign]
    assert RowCheck(CONTRACT).faults(rows) == asked.faults(rows)


def test_nobody_is_asked_about_a_good_row(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(synth_assets.engine.checks.row_check, "schema_of", None)
    assert RowCheck(CONTRACT).faults([GOOD, GOOD]) == {}


def test_a_fault_is_told_by_the_place_of_its_row() -> None:
    changes = [
        {},
        {"n": -1},
        {"x": math.nan},
        {"share": math.nan},
        {"tags": ["c"]},
        {"label": [{"unhashable": 1}]},
        {"talk": ""},
    ]
    assert RowCheck(CONTRACT).faults([{**GOOD, **change} for change in changes]) == {
        1: "n is less than 0",
        3: "share is missing",
        4: "tags holds what is none of a, b",
        5: "label is not of type text",
        6: "talk is not of type dialog",
    }
