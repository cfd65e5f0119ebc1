"""What a writer takes for each type of column, what it makes of it, and how it comes back."""

import json
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synth_assets.core.contract import Column, ColumnType, Contract
from synth_assets.core.dialog import Message
from synth_assets.core.errors import LakeError
from synth_assets.lake.names import arrow_schema, columns_of
from synth_assets.lake.values import record_batch, to_rows

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)


def stored(kind: ColumnType, *values: Any) -> list[Any]:
    contract = Contract((Column("value", kind),))
    rows = [{"value": value} for value in values]
    batch = record_batch(rows, columns_of(contract, False, False), arrow_schema(contract, False, False), "all")
    return [row["value"] for row in batch.to_pylist()]


@pytest.mark.parametrize(
    ("kind", "given_value", "kept"),
    [
        ("timestamp", NOON, NOON),
        ("timestamp", "2026-11-01T12:00:00Z", NOON),
        ("timestamp", "2026-11-01T14:00:00+02:00", NOON),
        ("timestamp", datetime(2026, 11, 1, 12), NOON),  # noqa: DTZ001
        ("timestamp", NOON.astimezone(timezone(timedelta(hours=-5))), NOON),
        ("dialog", (Message("user", "Hi"),), [{"role": "user", "content": "Hi"}]),
        ("dialog", [{"role": "user", "content": "Hi"}], [{"role": "user", "content": "Hi"}]),
        ("texts", ("a", "b"), ["a", "b"]),
        ("json", {"b": 1, "a": None}, '{"a":null,"b":1}'),
        ("json", '{"kept": "as it is"}', '{"kept": "as it is"}'),
        ("integer", Decimal(3), 3),
        ("integer", 3.0, 3),
        ("number", Decimal("0.25"), 0.25),
        ("number", 2, 2.0),
        ("boolean", False, False),
        ("text", None, None),
        ("dialog", None, None),
    ],
)
@pytest.mark.parametrize("ignores", [None, "1"], ids=["", "Pandera imported"])
def test_a_value_and_what_is_kept_of_it(
    monkeypatch: pytest.MonkeyPatch, kind: ColumnType, given_value: Any, kept: Any, ignores: str | None
) -> None:
    monkeypatch.delenv("PYARROW_IGNORE_TIMEZONE", raising=False)
    if ignores:
        monkeypatch.setenv("PYARROW_IGNORE_TIMEZONE", ignores)
    assert stored(kind, given_value) == [kept]


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("integer", "three"),
        ("integer", 2**63),
        ("integer", Decimal(10) ** 30),
        ("integer", Decimal("1.5")),
        ("integer", float("inf")),
        ("integer", True),
        ("text", 3),
        ("text", "half a surrogate \ud800"),
        ("timestamp", "yesterday"),
        ("boolean", "yes"),
        ("dialog", 3),
        ("dialog", ["words"]),
        ("json", float("nan")),
        # What Arrow itself would convert without a word: cut off, spelled out, counted from 1970.
        ("integer", 1.5),
        ("text", b"bytes"),
        ("texts", "words"),
        ("texts", [b"bytes"]),
        ("timestamp", 3),
    ],
)
def test_a_value_that_does_not_fit_names_its_column(kind: ColumnType, value: Any) -> None:
    with pytest.raises(LakeError, match=rf"column value \({kind}\)"):
        stored(kind, value)


def test_a_moment_comes_back_in_utc_from_whatever_zone_and_unit() -> None:
    zoned = pa.array([NOON, None], pa.timestamp("ns", tz="Asia/Tokyo"))
    rows = to_rows(pa.RecordBatch.from_arrays([zoned], ["at"]))
    assert rows == [{"at": NOON}, {"at": None}]
    assert rows[0]["at"].utcoffset() == timedelta(0)


def test_a_column_that_the_contract_does_not_have_is_refused() -> None:
    contract = Contract((Column("value", "text"),))
    with pytest.raises(LakeError, match="no column oops"):
        record_batch([{"oops": 1}], columns_of(contract, True, False), arrow_schema(contract, True, False), "all")


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
jsons = st.recursive(
    st.none() | st.booleans() | st.integers() | texts, lambda each: st.lists(each) | st.dictionaries(texts, each)
)


@given(st.lists(texts), st.dictionaries(texts, jsons))
def test_texts_and_json_come_back_as_they_were(words: list[str], value: dict[str, Any]) -> None:
    assert stored("texts", words) == [words]
    assert json.loads(stored("json", value)[0]) == value
