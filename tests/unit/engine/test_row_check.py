"""A row check says what Pandera says, and asks it only about rows that fail."""

import math

import pytest

import synth_assets.engine.checks.row_check
from synth_assets.core.contract import Column, Contract
from synth_assets.engine.checks.row_check import RowCheck

CONTRACT = Contract(
    (
        Column("text", "text", min_length=1, max_length=3, unique=True),
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


def test_pandera_is_not_asked_about_good_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(synth_assets.engine.checks.row_check, "pandera_schema", None)
    assert RowCheck(CONTRACT).faults([GOOD, GOOD]) == {}


def test_a_fault_is_told_by_the_index_of_its_row() -> None:
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
