"""What the UI is shown of rows: tables, examples, pictures."""

import base64
import io
from datetime import UTC, datetime

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synth_assets.assets.examples import TEXT_SHOWN, cell, side_by_side
from synth_assets.assets.metadata import _own
from synth_assets.assets.progress import cost, describe_progress
from synth_assets.assets.table_plots import picture_of
from synth_assets.assets.tables import column_schema, dagster_type, frame_of, short, table_of
from synth_assets.core.contract import Column, Contract
from synth_assets.engine import Tally

TALKS = Contract((Column("messages", "dialog", "what was said"), Column("score", "integer", minimum=1, maximum=5)))


def turns(*texts: str) -> list[dict[str, str]]:
    return [{"role": ("user", "assistant")[n % 2], "content": text} for n, text in enumerate(texts)]


class TestExamples:
    @given(st.text())
    def test_nothing_of_a_text_is_markup_or_ends_the_cell(self, text: str) -> None:
        shown = cell(text)
        assert len(shown.splitlines()) <= 1
        plain = shown.replace("\\\\", "").replace("\\|", "").replace("\\<", "").replace("\\[", "").replace("\\!", "")
        assert not set("|<[!") & set(plain)

    @given(st.text(alphabet=st.characters(categories=["L", "N"]), max_size=TEXT_SHOWN))
    def test_plain_words_stay_as_they_are(self, text: str) -> None:
        assert cell(text) == text

    def test_dialogs_stand_turn_by_turn_and_what_was_kept_is_not_repeated(self) -> None:
        before = {"a": {"row_id": "a", "messages": turns("Why?", "Because.")}}
        after = [{"row_id": "b", "parent_ids": ["a"], "messages": turns("Why?", "Beep! Because.")}]
        assert side_by_side(before, after, TALKS).splitlines() == [
            "| | before | after |",
            "|---|---|---|",
            "| **user** | Why? | *the same* |",
            r"| **assistant** | Because. | Beep\! Because. |",
        ]

    def test_other_rows_stand_column_by_column(self) -> None:
        before = {"a": {"row_id": "a", "text": "Sales rose."}}
        after = [{"row_id": "b", "parent_ids": ["a"], "label": "positive", "nothing": None}]
        shown = side_by_side(before, after, Contract((Column("label", "text"),)))
        assert "| *read* | text | Sales rose. |" in shown
        assert "| *made* | label | positive |" in shown
        assert "nothing" not in shown

    def test_what_a_row_took_over_is_told_once(self) -> None:
        before = {"a": {"row_id": "a", "question": "Why?", "score": 1}}
        after = [{"row_id": "b", "parent_ids": ["a"], "question": "Why?", "score": 2, "answer": "So."}]
        assert side_by_side(before, after, Contract(())).splitlines()[2:] == [
            r"| *read* | question | Why? |",
            r"| *read* | score | 1 |",
            r"| *made* | score | 2 |",
            r"| *made* | answer | So. |",
        ]

    def test_a_row_whose_parent_is_gone_is_left_out(self) -> None:
        assert side_by_side({}, [{"row_id": "b", "parent_ids": ["a"], "messages": turns("Why?")}], TALKS) == ""


class TestTables:
    def test_a_dialog_is_shown_as_it_is_spoken(self) -> None:
        (record,) = table_of([{"messages": turns("Why?", "Because.")}]).records
        assert record.data["messages"] == "user: Why? ↵ assistant: Because."

    def test_what_is_nested_is_json_and_what_is_long_is_cut(self) -> None:
        (record,) = table_of([{"tags": ["a"], "text": "x" * 1000, "at": datetime(2026, 11, 1, tzinfo=UTC)}]).records
        assert record.data["tags"] == '["a"]'
        assert str(record.data["text"]).endswith("…")
        assert record.data["at"] == "2026-11-01 00:00:00+00:00"

    @pytest.mark.parametrize(
        ("value", "seen"), [(10 / 11, 0.909091), (1234567.25, 1234567.25), (1.5e-9, 1.5e-9), (2.0, 2.0), (True, True)]
    )
    def test_a_number_has_no_more_digits_than_one_reads(self, value: float, seen: float) -> None:
        (record,) = table_of([{"share": value}]).records
        assert record.data["share"] == seen

    def test_what_a_row_says_stands_before_what_the_lake_adds(self) -> None:
        row = {"row_id": "r", "parent_ids": [], "call_keys": [], "text": "So.", "partition_key": "all"}
        assert list(_own(row)) == ["text", "row_id"]
        assert list(_own({**row, "partition_key": "2026-11-01"})) == ["text", "partition_key", "row_id"]

    @pytest.mark.parametrize(("columns", "characters"), [(5, 240), (6, 100)])
    def test_texts_are_shorter_where_columns_are_narrow(self, columns: int, characters: int) -> None:
        (record,) = table_of([{f"text_{n}": "x" * 1000 for n in range(columns)}]).records
        assert {len(str(text)) for text in record.data.values()} == {characters}

    def test_rows_of_different_columns_share_one_table(self) -> None:
        table = table_of([{"a": 1}, {"b": True}])
        assert [column.name for column in table.schema.columns] == ["a", "b"]
        assert [dict(record.data) for record in table.records] == [{"a": 1, "b": None}, {"a": None, "b": True}]

    @given(st.text(), st.integers(1, 50))
    def test_a_short_text_is_whole_and_a_long_one_no_longer_than_told(self, text: str, length: int) -> None:
        shown = short(text, length)
        assert len(shown) <= length
        assert shown == text or shown[:-1] == text[: length - 1]

    def test_the_columns_say_what_they_must_hold_and_the_lakes_own_come_last(self) -> None:
        schema = column_schema(TALKS, calls=True)
        names = [column.name for column in schema.columns]
        assert names == ["messages", "score", "row_id", "parent_ids", "call_keys", "partition_key"]
        assert schema.columns[1].constraints.other == ["at least 1", "at most 5"]
        assert schema.columns[0].description == "what was said"


class TestTheType:
    def test_it_takes_rows_that_keep_the_contract_and_an_empty_table(self) -> None:
        kind = dagster_type("talks.good", TALKS)
        good = frame_of([{"messages": turns("Why?"), "score": 3}], TALKS)
        assert kind.type_check(None, good).success  # type: ignore[arg-type]
        assert kind.type_check(None, frame_of([], TALKS)).success  # type: ignore[arg-type]

    @pytest.mark.parametrize("value", [pd.DataFrame({"messages": [[]], "score": [9]}), pd.DataFrame(), "no frame"])
    def test_it_refuses_the_rest(self, value: object) -> None:
        assert not dagster_type("talks.bad", TALKS).type_check(None, value).success  # type: ignore[arg-type]


class TestPictures:
    def test_there_is_none_where_there_is_nothing_to_see(self) -> None:
        assert picture_of({}, {}) == ""

    @pytest.mark.parametrize("lengths", [{}, {"tokens": [1.0, 2.0]}, {"before": [0.0], "after": [3.0, 9.0]}])
    def test_it_is_a_png_in_the_text(self, lengths: dict[str, list[float]]) -> None:
        from PIL import Image

        found = picture_of(lengths, {"a reason that is told at great length, and then some": 4, "short": 1})
        data = found.removeprefix("![lengths and rejects](data:image/png;base64,").removesuffix(")")
        image = Image.open(io.BytesIO(base64.b64decode(data)))
        assert image.format == "PNG"
        assert image.width > (400 if not lengths else 800)


class TestProgress:
    def test_a_tally_in_words(self) -> None:
        tally = Tally(input_rows=480, input_total=964, rows=470, rejects=10, calls=460, hits=20, cost_usd=0.0123)
        assert describe_progress(tally) == (
            "480 of 964 rows read, 470 made, 10 rejects, 460 calls, 20 answers from the ledger, $0.0123"
        )

    def test_a_cost_that_is_not_known_is_never_zero(self) -> None:
        assert cost(None) == "cost unknown"
        assert cost(0.0) == "$0"
