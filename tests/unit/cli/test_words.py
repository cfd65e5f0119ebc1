"""Words for people: numbers, money, time, and texts that cannot play tricks on a terminal."""

import json
import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synth_assets.cli.views.terminal import json_ready
from synth_assets.cli.views.words import cell, money, safe, seconds, short, size, some


@given(st.text())
def test_no_text_can_move_the_cursor(text: str) -> None:
    left = [char for char in safe(text) if unicodedata.category(char) == "Cc" and char not in "\n\t"]
    assert left == []


@given(st.text(st.characters(categories=["L", "N", "P", "S", "Zs"])))
def test_letters_of_all_scripts_stay_as_they_are(text: str) -> None:
    assert safe(text) == text


def test_an_escape_is_spelt_out() -> None:
    assert safe("\x1b[2J gone") == "\\x1b[2J gone"
    assert safe("a\u202eb") == "a\\u202eb"


@pytest.mark.parametrize(
    ("usd", "told"),
    [(None, "unknown"), (0, "$0"), (0.00001, "< $0.0001"), (0.0123, "$0.0123"), (1234.5, "$1,234.50")],
)
def test_money(usd: float | None, told: str) -> None:
    assert money(usd) == told


@pytest.mark.parametrize(
    ("duration_s", "told"),
    [(0.04, "0.0 s"), (9.9, "9.9 s"), (59.7, "1 min 0 s"), (200, "3 min 20 s"), (7500, "2 h 5 min")],
)
def test_durations(duration_s: float, told: str) -> None:
    assert seconds(duration_s) == told


def test_counts_agree_with_their_noun() -> None:
    assert (some(1, "row"), some(0, "row"), some(2000, "reply", "replies")) == ("1 row", "0 rows", "2,000 replies")
    assert (size(999), size(28_590), size(3 * 10**12)) == ("999 B", "28.6 KB", "3.0 TB")


@given(st.text(), st.integers(1, 50))
def test_a_short_text_is_one_line_of_that_length(text: str, length: int) -> None:
    assert len(short(text, length)) <= length
    assert "\n" not in short(text, length)


def test_cells() -> None:
    assert (cell(None), cell(True), cell(0.1 + 0.2), cell({"a": "ß"})) == ("NULL", "true", "0.3", '{"a": "ß"}')


@dataclass
class Thing:
    at: datetime
    path: Path
    cost: Decimal


def test_whatever_a_command_tells_can_be_json() -> None:
    thing = Thing(datetime(2026, 11, 1, tzinfo=UTC), Path("a/b"), Decimal("1.50"))
    told = json_ready({"thing": thing, 1: (b"\x01", float("nan"), Decimal(10) ** 20)})
    assert json.loads(json.dumps(told, allow_nan=False)) == {
        "thing": {"at": "2026-11-01T00:00:00+00:00", "path": "a/b", "cost": 1.5},
        "1": ["01", None, 10**20],
    }
