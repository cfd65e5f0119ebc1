"""Answers written as files hold what the answer held, whatever is in it."""

import io
import json

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import given
from hypothesis import strategies as st
from pyarrow.csv import ConvertOptions, ParseOptions, read_csv

from synth_assets.cli.answers import write_answer

texts = st.one_of(st.none(), st.text(st.characters(exclude_categories=["Cs"])))
rows = st.lists(st.tuples(texts, st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1))), max_size=20)
SCHEMA = pa.schema([("said", pa.string()), ("n", pa.int64())])


def written(kind: str, values: list[tuple[str | None, int | None]]) -> bytes:
    table = pa.table({"said": [row[0] for row in values], "n": [row[1] for row in values]}, schema=SCHEMA)
    file = io.BytesIO()
    write_answer(table.to_reader(max_chunksize=7), kind, file)
    return file.getvalue()


@given(rows)
def test_json_holds_every_value(values: list[tuple[str | None, int | None]]) -> None:
    assert [(row["said"], row["n"]) for row in json.loads(written("json", values))] == values


@given(rows)
def test_parquet_holds_every_value(values: list[tuple[str | None, int | None]]) -> None:
    table = pq.read_table(io.BytesIO(written("parquet", values)))
    assert [(row["said"], row["n"]) for row in table.to_pylist()] == values


@given(rows)
def test_csv_holds_every_value_and_tells_null_from_an_empty_text(values: list[tuple[str | None, int | None]]) -> None:
    table = read_csv(
        io.BytesIO(written("csv", values)),
        parse_options=ParseOptions(newlines_in_values=True),
        convert_options=ConvertOptions(
            column_types=SCHEMA, null_values=[""], strings_can_be_null=True, quoted_strings_can_be_null=False
        ),
    )
    assert [(row["said"], row["n"]) for row in table.to_pylist()] == values


def test_csv_is_plain_where_it_can_be() -> None:
    assert written("csv", [("plain", 1), ('a "b", c', None), ("", 2)]) == b'said,n\nplain,1\n"a ""b"", c",\n"",2\n'
