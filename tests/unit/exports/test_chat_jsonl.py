"""The kind `chat_jsonl`: every upstream row is a line of a file or a reject with its reason."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from synth_assets.core.canonical import row_id
from synth_assets.core.contract import Column, Contract
from synth_assets.core.stage import Rejection, Row, StageError
from synth_assets.exports.training_files import line_hash
from synth_assets.kinds.write.chat_jsonl import ChatJsonl

UPSTREAM = {"rewritten": Contract((Column("messages", "dialog"), Column("note", "text")))}


def stage(**keys: Any) -> ChatJsonl:
    return ChatJsonl.model_validate({"kind": "chat_jsonl", "from": "rewritten", **keys})


def rows(dialogs: list[Any]) -> Iterator[Row]:
    for number, dialog in enumerate(dialogs):
        yield Row(row_id("r", "rewritten", [str(number)], 0), {"messages": dialog, "note": ""})


def turns(*texts: str) -> list[dict[str, str | None]]:
    roles = ("user", "assistant")
    return [{"role": roles[index % 2], "content": text, "name": None} for index, text in enumerate(texts)]


def test_its_table_has_the_columns_that_its_rows_have(tmp_path: Path) -> None:
    contract = stage().contract(UPSTREAM)
    (written,) = stage().write(rows([turns("Hi", "Hello")]), tmp_path)
    assert isinstance(written.outcome, Mapping)
    assert tuple(written.outcome) == contract.names()
    assert contract.column("line_hash").unique


@pytest.mark.parametrize(
    ("column", "fault"),
    [
        ("mesages", 'has no column "mesages", did you mean "messages"?'),
        ("zzz", 'has no column "zzz" (it has: messages, note)'),
        ("note", '"note" of "rewritten" is text, not dialog'),
    ],
)
def test_a_column_that_is_no_dialog_is_named_before_anything_runs(column: str, fault: str) -> None:
    with pytest.raises(StageError) as caught:
        stage(column=column).contract(UPSTREAM)
    assert caught.value.key == "column"
    assert fault in str(caught.value)


def test_checks_of_the_recipe_tighten_its_contract() -> None:
    checks = {"min_rows": 10, "accepted": {"file": ["train.jsonl"]}}
    contract = stage(checks=checks).contract(UPSTREAM)
    assert contract.gate.min_rows == 10
    assert contract.column("file").accepted == ("train.jsonl",)


def test_a_bad_row_never_reaches_the_file(tmp_path: Path) -> None:
    dialogs = [turns("Hi", "Hello"), turns("Hi", " "), turns("Hi", "Hello"), turns("Hi"), None]
    outcomes = [written.outcome for written in stage(validation=0).write(rows(dialogs), tmp_path)]
    reasons = [outcome.reason for outcome in outcomes if isinstance(outcome, Rejection)]
    assert reasons == ["blank text", "duplicate", "does not end with the assistant", "no messages"]
    line = (tmp_path / "train.jsonl").read_text()
    assert json.loads(line) == {
        "messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}]
    }


def test_real_dialogs_are_all_accounted_for(real_data: Path, tmp_path: Path) -> None:
    text = (real_data / "dialogs" / "oasst1_threads.jsonl").read_text()
    dialogs = [json.loads(line)["messages"] for line in text.splitlines()]
    written = list(stage(validation=0.1).write(rows(dialogs), tmp_path))
    assert [item.parent.row_id for item in written] == [row.row_id for row in rows(dialogs)]
    lines = {name: (tmp_path / name).read_bytes().split(b"\n")[:-1] for name in ("train.jsonl", "validation.jsonl")}
    for item, dialog in zip(written, dialogs, strict=True):
        assert isinstance(item.outcome, Mapping)
        line = lines[str(item.outcome["file"])][int(str(item.outcome["line"])) - 1]
        assert json.loads(line)["messages"] == dialog
        assert line_hash(line) == item.outcome["line_hash"]
    splits = Counter(str(item.outcome["split"]) for item in written if isinstance(item.outcome, Mapping))
    assert splits.total() == 964
    assert 70 <= splits["validation"] <= 125
