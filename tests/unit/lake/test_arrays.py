"""Our way between Python's values and Arrow against Arrow's own, which imports pandas."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synth_assets.lake.arrays import array_of, repeated, to_rows

MESSAGE = pa.struct([("role", pa.string()), ("content", pa.string())])
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
moments = st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30)).map(lambda moment: moment.replace(tzinfo=UTC))  # noqa: DTZ001
VALUES: list[tuple[pa.DataType, st.SearchStrategy[Any]]] = [
    (pa.string(), texts),
    (pa.int64(), st.integers(-(2**63), 2**63 - 1)),
    (pa.float64(), st.floats(allow_nan=False) | st.integers(-(2**53), 2**53)),
    (pa.bool_(), st.booleans()),
    (pa.timestamp("us", tz="UTC"), moments),
    (pa.list_(pa.string()), st.lists(st.none() | texts, max_size=4)),
    (pa.list_(MESSAGE), st.lists(st.none() | st.fixed_dictionaries({"role": texts, "content": st.none() | texts}))),
]


@pytest.mark.parametrize(("kind", "values"), VALUES, ids=[str(kind) for kind, _ in VALUES])
@given(data=st.data())
def test_an_array_is_the_one_that_arrow_would_make(kind: pa.DataType, values: Any, data: st.DataObject) -> None:
    given_values = data.draw(st.lists(st.none() | values, max_size=20))
    made = array_of(given_values, kind)
    made.validate(full=True)
    assert made.equals(pa.array(given_values, kind))
    assert to_rows(pa.RecordBatch.from_arrays([made], ["value"])) == [
        {"value": value} for value in pa.array(given_values, kind).to_pylist()
    ]


@pytest.mark.parametrize(
    ("kind", "value", "spelled"),
    [
        (pa.string(), 3, "3 is not a text"),
        (pa.string(), b"bytes", "not a text"),
        (pa.bool_(), 1, "1 is not true or false"),
        (pa.list_(pa.string()), "words", "'words' is not a list"),
        (MESSAGE, "hello", "'hello' is not an object"),
        (pa.timestamp("us", tz="UTC"), 3, "3 is not a moment"),
        (pa.int64(), "", "integer"),
        (pa.int64(), 1.5, "integer"),
        (pa.float64(), "1", "real number"),
    ],
)
def test_a_value_of_another_type_is_refused(kind: pa.DataType, value: Any, spelled: str) -> None:
    with pytest.raises(TypeError, match=spelled):
        array_of([None, value], kind)


def test_a_moment_comes_back_in_utc_from_whatever_zone_and_unit() -> None:
    noon = datetime(2026, 11, 1, 12, tzinfo=UTC)
    zoned = pa.array([noon, None], pa.timestamp("ns", tz="Asia/Tokyo"))
    rows = to_rows(pa.RecordBatch.from_arrays([zoned], ["at"]))
    assert rows == [{"at": noon}, {"at": None}]
    assert rows[0]["at"].utcoffset() == timedelta(0)


def test_the_same_text_for_every_row() -> None:
    assert repeated("all", 3).to_pylist() == ["all"] * 3
    assert repeated("all", 0).to_pylist() == []


def test_none_of_it_imports_pandas() -> None:
    code = """
import sys
from datetime import UTC, datetime
import pyarrow as pa
from synth_assets.lake.arrays import array_of, repeated, to_rows
columns = [
    array_of(["a", None], pa.string()),
    array_of([[{"role": "user", "content": "Hi"}], None], pa.list_(pa.struct([("role", pa.string())]))),
    array_of([datetime.now(UTC), None], pa.timestamp("us", tz="UTC")),
    repeated("all", 2),
]
assert len(to_rows(pa.RecordBatch.from_arrays(columns, list("abcd")))) == 2
print("pandas" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
