"""`synth validate`: which lines of a file are wrong, and why."""

import json
from pathlib import Path

import pytest

from synth_assets.core.errors import SynthError
from synth_assets.exports.training_lines import LineFault
from synth_assets.exports.validation import judge_lines, summarize

GOOD = b'{"messages":[{"role":"user","content":"Hi"},{"role":"assistant","content":"Hello"}]}'

LINES = [
    (GOOD, None),
    (b"", "blank line"),
    (b'{"messages": [}', "not JSON"),
    (b'{"messages": NaN}', "not JSON"),
    (b"[1]", "not an object"),
    (b'{"text": "Hi"}', "no messages"),
    (b'{"messages": [{"role":"user","content":"\xff"}]}', "not UTF-8"),
    (GOOD.replace(b"user", b"human"), "unknown role"),
    (GOOD.replace(b"Hello", b""), "blank text"),
    (GOOD, "duplicate"),
    (b"\xef\xbb\xbf" + GOOD, "not JSON"),
]


def test_every_line_has_its_verdict(tmp_path: Path) -> None:
    path = tmp_path / "mixed.jsonl"
    path.write_bytes(b"\n".join(line for line, _ in LINES))
    judged = list(judge_lines(path))
    assert [item.line for item in judged] == list(range(1, len(LINES) + 1))
    reasons = [item.result.reason if isinstance(item.result, LineFault) else None for item in judged]
    assert reasons == [reason for _, reason in LINES]
    report = summarize(judged)
    assert (report.lines, report.good, report.characters) == (len(LINES), 1, len("HiHello"))
    assert report.faults["not JSON"] == 3
    assert report.lines == report.good + report.faults.total()


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SynthError, match=r"none\.jsonl: the file cannot be read: No such file"):
        list(judge_lines(tmp_path / "none.jsonl"))


def test_real_dialogs_are_all_good(real_data: Path) -> None:
    report = summarize(judge_lines(real_data / "dialogs" / "oasst1_threads.jsonl"))
    assert (report.lines, report.good, report.faults) == (964, 964, {})
    assert report.characters == 1_524_121
    assert report.tokens > report.characters / 6


def test_what_was_broken_in_real_dialogs_is_found(real_data: Path, tmp_path: Path) -> None:
    """Every tenth line is broken in one of five ways; these lines fail for that reason, and no other does."""
    threads = [
        json.loads(line)["messages"]
        for line in (real_data / "dialogs" / "oasst1_threads.jsonl").read_bytes().splitlines()
    ]
    ways = {
        "starts with the assistant": lambda dialog: dialog[1:],
        "does not end with the assistant": lambda dialog: dialog[:-1],
        "blank text": lambda dialog: [dialog[0], {**dialog[1], "content": "\u00a0"}, *dialog[2:]],
        "repeated role": lambda dialog: [dialog[0], *dialog],
        "unknown role": lambda dialog: [{**dialog[0], "role": "prompter"}, *dialog[1:]],
    }
    expected: dict[int, str] = {}
    for index, (reason, way) in zip(range(0, len(threads), 10), list(ways.items()) * 20, strict=False):
        threads[index] = way(threads[index])
        expected[index + 1] = reason
    path = tmp_path / "broken.jsonl"
    path.write_text("".join(json.dumps({"messages": dialog}) + "\n" for dialog in threads))
    found = {item.line: item.result.reason for item in judge_lines(path) if isinstance(item.result, LineFault)}
    assert len(expected) == 97
    assert found == expected
