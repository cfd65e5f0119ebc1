"""A query's rows by the column are the rows that they would be one by one, and a faulty one is still shown."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa
import pytest

import synth_assets.engine.commit.table_builder
from synth_assets.core.contract import Column, Contract
from synth_assets.engine import GateClosed
from synth_assets.engine.checks.column_check import accept_columns
from tests.integration.engine.conftest import Workplace

RECIPE = """
teacher: {{model: offline}}
stages:
  raw:
    kind: source
    files: rows.jsonl
    columns:
      {{text: text, n: integer, x: {{type: number, nullable: true}}, at: timestamp, tags: texts, messages: dialog}}
  kept:
    kind: filter
    from: raw
    where: n >= 0
    checks: {checks}
"""
ROW = {
    "x": 0.5,
    "at": "2026-01-01T00:00:00Z",
    "tags": ["a", "b"],
    "messages": [{"role": "user", "content": "{AUTHOR}"}],
}


def _write(workplace: Workplace, rows: Sequence[Mapping[str, Any]], checks: str = "{}") -> None:
    lines = "".join(json.dumps({**ROW, **row}) + "\n" for row in rows)
    (workplace.folder / "recipes" / "rows.jsonl").write_text(lines)
    workplace.write("numbers", RECIPE.format(checks=checks))


def _kept(workplace: Workplace) -> list[dict[str, Any]]:
    workplace.run("numbers")
    return workplace.engine.lake.rows("SELECT * FROM numbers.kept ORDER BY row_id")


def test_rows_are_the_same_by_the_column_and_one_by_one(workplace: Workplace, monkeypatch: pytest.MonkeyPatch) -> None:
    _write(workplace, [{"text": f"row {n} {{DATA_PATH}}", "n": n, "x": None if n % 3 else n / 7} for n in range(50)])
    by_column = _kept(workplace)
    monkeypatch.setattr(synth_assets.engine.commit.table_builder, "accept_columns", lambda *_: None)
    workplace.write("numbers", RECIPE.format(checks="{min_rows: 2}"))
    assert by_column == _kept(workplace)
    assert len(by_column) == 50


@pytest.mark.parametrize(
    ("checks", "fault"),
    [
        ("{max_length: {text: 3}}", "text is longer than 3"),
        ("{min_length: {text: 9}}", "text is shorter than 9"),
        ("{accepted: {text: [row]}}", "text is none of row"),
        ("{accepted: {tags: [a, c]}}", "tags holds what is none of a, c"),
    ],
)
def test_a_faulty_row_closes_the_gate_and_is_shown(workplace: Workplace, checks: str, fault: str) -> None:
    _write(workplace, [{"text": "row", "n": 1}, {"text": "row 2", "n": 2}], checks)
    with pytest.raises(GateClosed) as caught:
        workplace.run("numbers")
    closed = next(verdict for verdict in caught.value.verdicts if not verdict.passed)
    assert fault in closed.description
    assert closed.failing[0]["text"] in ("row", "row 2")


def test_a_list_holds_accepted_values_only(workplace: Workplace) -> None:
    _write(workplace, [{"text": "row", "n": 1, "tags": []}, {"text": "row 2", "n": 2}], "{accepted: {tags: [a, b, c]}}")
    assert len(_kept(workplace)) == 2


def test_a_value_that_is_there_twice_closes_the_gate(workplace: Workplace) -> None:
    _write(workplace, [{"text": "row", "n": 1}, {"text": "row", "n": 2}], "{unique: [text]}")
    with pytest.raises(GateClosed, match="text_is_unique"):
        workplace.run("numbers")
    assert not workplace.engine.lake.has("numbers.kept")


@pytest.mark.parametrize(("nullable", "passes"), [(False, False), (True, True)])
def test_a_number_that_is_nan_is_one_that_is_missing(nullable: bool, passes: bool) -> None:
    contract = Contract((Column("x", "number", nullable=nullable),))
    batch = pa.record_batch({"x": pa.array([0.5, float("nan")])})
    assert (accept_columns(batch, contract) is not None) == passes


def test_a_number_that_a_float_cannot_hold_is_left_to_be_looked_at_in_its_row() -> None:
    batch = pa.record_batch({"x": pa.array([2**60 + 1])})
    assert accept_columns(batch, Contract((Column("x", "number"),))) is None
