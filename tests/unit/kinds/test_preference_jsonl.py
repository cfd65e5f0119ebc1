"""`preference_jsonl`: each line is a prompt with two answers, either of which would make a dialog to train on."""

import json

import pytest

from synth_assets.core.contract import Column, Contract
from synth_assets.core.stage import Rejection, Row, StageError
from synth_assets.kinds.write.preference_jsonl import PreferenceJsonl

READ = Contract((Column("question", "text"), Column("chosen", "text"), Column("rejected", "text")))
SINK = PreferenceJsonl.model_validate({"kind": "preference_jsonl", "from": "preferences", "validation": 0.0})


def row(number: int, question: str, chosen: str, rejected: str) -> Row:
    return Row(f"r{number}", {"question": question, "chosen": chosen, "rejected": rejected})


def test_lines_and_what_stays_out(tmp_path):
    rows = [
        row(0, "Why? {DATA_PATH}", "Because.", "No."),
        row(1, "Why? {DATA_PATH}", "Because.", "No."),
        row(2, "Why? {DATA_PATH}", "Because.", "Never."),
        row(3, "How?", "Like this.", "Like this."),
        row(4, "How?", "Like this.", " "),
        row(5, " ", "Like this.", "Like that."),
    ]
    written = list(SINK.write(iter(rows), tmp_path))
    assert [each.parent for each in written] == rows
    outcomes = [
        each.outcome.reason if isinstance(each.outcome, Rejection) else each.outcome["line"] for each in written
    ]
    assert outcomes == [1, "duplicate", 2, "no difference", "blank text", "blank text"]
    lines = [json.loads(line) for line in (tmp_path / "train.jsonl").read_text("utf-8").splitlines()]
    assert lines[0] == {
        "prompt": [{"role": "user", "content": "Why? {DATA_PATH}"}],
        "chosen": [{"role": "assistant", "content": "Because."}],
        "rejected": [{"role": "assistant", "content": "No."}],
    }
    assert len(lines) == 2
    assert set(written[0].outcome) == set(SINK.contract({"preferences": READ}).names())


def test_what_is_undecided_stays_out(tmp_path):
    undecided = Row("r", {"question": "Why?", "chosen": None, "rejected": None})
    (written,) = SINK.write(iter([undecided]), tmp_path)
    assert isinstance(written.outcome, Rejection)
    assert written.outcome.reason == "no answer is better"


def test_what_it_reads():
    for wrong in ({"prompt": "{{ asked }}"}, {"chosen": "better"}):
        stage = PreferenceJsonl.model_validate({**SINK.model_dump(by_alias=True), **wrong})
        with pytest.raises(StageError):
            stage.contract({"preferences": READ})
