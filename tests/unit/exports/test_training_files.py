"""The split by row id, and the files that a run of the export leaves behind."""

import json
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from synth_assets.core.canonical import Json, row_id
from synth_assets.exports.training_files import TrainingFiles, WrittenLine, encode_line, line_hash, split_of

ids = st.integers(0, 10_000_000).map(lambda number: row_id("r", "s", [str(number)], 0))
shares = st.floats(0, 0.999)


def dialog(question: str) -> dict[str, Json]:
    return {"messages": [{"role": "user", "content": question}, {"role": "assistant", "content": f"{question}!"}]}


@given(st.lists(ids, unique=True), shares, st.randoms(use_true_random=False))
def test_neither_order_nor_company_moves_a_row(rows: list[str], share: float, random: st.DataObject) -> None:
    placed = {row: split_of(row, share) for row in rows}
    random.shuffle(rows)  # type: ignore[attr-defined]
    assert {row: split_of(row, share) for row in rows[: len(rows) // 2]}.items() <= placed.items()


@given(ids, shares, shares)
def test_a_larger_share_only_adds_to_validation(row: str, one: float, other: float) -> None:
    small, large = sorted((one, other))
    if split_of(row, small) == "validation":
        assert split_of(row, large) == "validation"


@given(ids)
def test_no_share_is_no_validation(row: str) -> None:
    assert split_of(row, 0) == "train"


@given(shares)
def test_the_share_is_roughly_kept(share: float) -> None:
    count = 4_000
    rows = (row_id("r", "s", [str(number)], 0) for number in range(count))
    kept = sum(split_of(row, share) == "validation" for row in rows)
    deviation = (share * (1 - share) / count) ** 0.5
    assert abs(kept / count - share) <= 4.5 * deviation + 1 / count


@given(st.text())
def test_a_line_is_one_line_for_every_reader(text: str) -> None:
    example = dialog(text.encode("utf-8", "replace").decode())
    line = encode_line(example)
    assert len(line.decode().splitlines()) == 1
    assert json.loads(line) == example


def test_the_hash_of_a_line_is_that_of_its_bytes_without_the_end() -> None:
    line = encode_line(dialog("Hi"))
    assert line_hash(line) == line_hash(line[:-1]) == line_hash(line[:-1] + b"\r\n")
    assert line_hash(line) != line_hash(b" " + line)


def test_places_are_where_the_lines_stand(tmp_path: Path) -> None:
    with TrainingFiles(tmp_path, 0.3) as files:
        placed = [files.add(row_id("r", "s", [str(n)], 0), dialog(f"question {n}")) for n in range(40)]
    assert {path.name for path in tmp_path.iterdir()} == {"train.jsonl", "validation.jsonl"}
    for number, line_of in enumerate(placed):
        assert isinstance(line_of, WrittenLine)
        line = (tmp_path / line_of.file).read_bytes().splitlines(keepends=True)[line_of.line - 1]
        assert json.loads(line) == dialog(f"question {number}")
        assert line_hash(line) == line_of.line_hash
        assert line_of.file == f"{line_of.split}.jsonl"


def test_a_split_without_lines_has_no_file(tmp_path: Path) -> None:
    with TrainingFiles(tmp_path, 0) as files:
        files.add("a", dialog("Hi"))
    assert [path.name for path in tmp_path.iterdir()] == ["train.jsonl"]
