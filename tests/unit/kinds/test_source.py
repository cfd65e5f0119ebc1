"""`source`: where rows come from, in what order, which partition gets them, and what becomes of bad ones."""

import json
import tracemalloc
from datetime import UTC, date, datetime
from io import StringIO

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synth_assets.core.errors import RecipeError
from synth_assets.core.stage import Partition, StageError
from synth_assets.kinds.read.source import RowSource
from synth_assets.kinds.support.reading.json_items import json_items
from synth_assets.kinds.support.reading.partitioning import shuffle

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
TEXT = {"text": "text"}
ROWS = [{"text": f"row {number}"} for number in range(50)]
DIALOG = [{"role": "user", "content": 'He said "hi" {DATA_PATH}'}, {"role": "assistant", "content": "नमस्ते 🤖"}]


def day(index: int) -> Partition:
    return Partition(f"2026-11-{index + 1:02}", index, 1, "daily")


def write_lines(path, rows):
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")


# Where rows come from


def test_the_sample_is_varied_dialogs_of_our_own(read):
    rows, rejects = read(sample="dialogs")
    dialogs = [row["messages"] for row in rows]
    text = json.dumps(dialogs, ensure_ascii=False)
    assert len(dialogs) >= 40
    assert not rejects
    assert len({json.dumps(dialog) for dialog in dialogs}) == len(dialogs)
    assert sum(len(dialog) > 2 for dialog in dialogs) > len(dialogs) / 2
    assert sum(dialog[0]["role"] == "system" for dialog in dialogs) >= 3
    for sign in ('\\"', "```", "{DATA_PATH}", "{{", "😊", "ش", "の", "ह", "ш", "的", "한", "ש", "ก", "á", "∎"):
        assert sign in text


@pytest.mark.parametrize("format_", ["jsonl", "json", "csv", "parquet"])
def test_files_of_each_format_give_the_same_rows(read, tmp_path, format_):
    rows = [{"messages": DIALOG, "n": 7, "x": 1.5, "ok": True, "tags": ["a", "b,c"], "none": None}] * 3
    path = tmp_path / f"rows.{format_}"
    match format_:
        case "jsonl":
            write_lines(path, rows)
        case "json":
            path.write_text(json.dumps(rows, ensure_ascii=False, indent=1), "utf-8")
        case "parquet":
            pq.write_table(pa.Table.from_pylist(rows), path)
        case "csv":
            cells = [json.dumps(DIALOG, ensure_ascii=False), "7", "1.5", "True", '["a", "b,c"]', ""]
            line = ",".join('"' + cell.replace('"', '""') + '"' for cell in cells) + "\r\n"
            path.write_text("messages,n,x,ok,tags,none\r\n" + 3 * line, "utf-8-sig", newline="")
    columns = {"messages": "dialog", "n": "integer", "x": "number", "ok": "boolean", "tags": "texts"}
    found, rejects = read(files=path.name, columns={**columns, "none": {"type": "text", "nullable": True}})
    assert (found, rejects) == (rows, [])


def test_many_files_come_in_the_order_of_their_names(read, tmp_path):
    for name in ("b", "a", "sub/c"):
        path = tmp_path / f"{name}.jsonl"
        path.parent.mkdir(exist_ok=True)
        write_lines(path, [{"text": name}])
    assert read(files="**/*.jsonl", columns=TEXT)[0] == [{"text": name} for name in ("a", "b", "sub/c")]
    assert read(files=["b.jsonl", str(tmp_path / "a.jsonl")], columns=TEXT)[0] == [{"text": "b"}, {"text": "a"}]


def test_a_pattern_without_a_file_says_where_it_looked(read, tmp_path):
    with pytest.raises(RecipeError, match=f"no file matches x.jsonl[\\s\\S]*{tmp_path}"):
        read(files="x.jsonl")


def test_rows_of_the_recipe_and_of_the_lake(read):
    assert read(inline=[{"text": "a"}, {"text": "b"}], columns=TEXT)[0] == [{"text": "a"}, {"text": "b"}]
    assert read(query="SELECT 1", columns=TEXT)[0] == [{"text": "SELECT 1"}]


def test_columns_are_renamed_described_and_may_be_empty(read):
    columns = {"question": {"type": "text", "from": "q", "description": "what is asked", "nullable": True}}
    assert read(inline=[{"q": "why?", "more": 1}, {}], columns=columns)[0] == [
        {"question": "why?"},
        {"question": None},
    ]
    contract = RowSource.model_validate({"inline": [], "columns": columns}).contract({})
    assert (contract.columns[0].description, contract.columns[0].nullable) == ("what is asked", True)


def test_rows_of_the_recipe_tell_how_their_columns_are_declared():
    rows = [{"text": "a", "n": 1}, {"tags": ["x"], "said": [{"role": "user", "content": "Hi"}], "ok": True}]
    with pytest.raises(StageError) as caught:
        RowSource.model_validate({"inline": rows}).contract({})
    assert str(caught.value).endswith("columns: {text: text, n: integer, tags: texts, said: dialog, ok: boolean}")
    assert caught.value.key == "columns"


# A dataset of the hub


@pytest.fixture
def dataset(tmp_path):
    folder = tmp_path / "set"
    folder.mkdir()
    for split, dialogs in (("train", 30), ("test", 3)):
        rows = [{"messages": [*DIALOG, {"role": "user", "content": str(number)}]} for number in range(dialogs)]
        pq.write_table(pa.Table.from_pylist(rows), folder / f"{split}.parquet")
    return str(folder)


def test_a_dataset_is_streamed(read, dataset):
    assert len(read(dataset=dataset)[0]) == 30
    assert len(read(dataset=dataset, split="test")[0]) == 3
    assert [row["messages"][2]["content"] for row in read(dataset=dataset, rows=2)[0]] == ["0", "1"]


def test_a_dataset_that_cannot_be_read(read, dataset, tmp_path):
    with pytest.raises(RecipeError, match=r"Bad split: dev[\s\S]*check its name"):
        read(dataset=dataset, split="dev")
    (tmp_path / "scripted").mkdir()
    (tmp_path / "scripted" / "scripted.py").write_text("")
    with pytest.raises(RecipeError, match="revision: refs/convert/parquet"):
        read(dataset=str(tmp_path / "scripted"))


# What becomes of bad rows


def test_a_bad_line_is_a_reject_that_names_file_and_line(read, tmp_path):
    lines = [b'{"text": "a"}', b'{"text": ', b"", b'["a"]', b'{"text": "\xff"}', b'{"text": 5}', b"{}"]
    lines.append(b'{"text": "\\ud800"}')
    (tmp_path / "torn.jsonl").write_bytes(b"\n".join(lines))
    rows, rejects = read(files="torn.jsonl", columns=TEXT)
    assert rows == [{"text": "a"}]
    assert [(reject.reason, reject.detail.split(": ")[0]) for reject in rejects] == [
        ("line is not JSON", "torn.jsonl:2"),
        ("row is not an object", "torn.jsonl:4"),
        ("line is not UTF-8", "torn.jsonl:5"),
        ("text is not text", "torn.jsonl:6"),
        ("text is missing", "torn.jsonl:7"),
        ("text is not text", "torn.jsonl:8"),
    ]


def test_a_torn_csv_file(read, tmp_path):
    (tmp_path / "torn.csv").write_text('text,n\na,1\nb\n\nc,2,3\n"d,4\n')
    rows, rejects = read(files="torn.csv", columns=TEXT)
    assert rows == [{"text": "a"}]
    assert [(reject.reason, reject.detail.split(": ")[0]) for reject in rejects] == [
        ("line has the wrong number of cells", "torn.csv:3"),
        ("line has the wrong number of cells", "torn.csv:5"),
        ("file is not CSV from here on", "torn.csv:6"),
    ]


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("", 0),
        ("5", 0),
        ("[", 0),
        ('[{"text": "a"}', 1),
        ('[{"text": "a"} {"text": "b"}]', 1),
        ('[{"text": "a"}, nonsense]', 1),
        ('[{"text": "a"}], more', 1),
        ('{"x": {"text": "a"}, 5: {}}', 1),
        ('{"x": {"text": "a"}', 1),
        ('[{"text": "a"}, ' + "[" * 100_000, 1),
    ],
)
def test_a_torn_json_file(read, tmp_path, text, good):
    (tmp_path / "torn.json").write_text(text)
    rows, rejects = read(files="torn.json", columns=TEXT)
    assert (len(rows), [reject.reason for reject in rejects]) == (good, ["file is not JSON from here on"])


def test_the_values_of_a_json_object_are_rows(read, tmp_path):
    (tmp_path / "map.json").write_text(json.dumps({"x": {"text": "a"}, "y": {"text": "b"}}, indent=2))
    rows, _ = read(files="map.json", columns={"name": {"type": "text", "from": "key"}, **TEXT})
    assert rows == [{"name": "x", "text": "a"}, {"name": "y", "text": "b"}]


@given(st.one_of(st.lists(JSON), st.dictionaries(st.text(), JSON)), st.integers(1, 9), st.sampled_from([None, 2]))
def test_json_read_in_pieces_is_json_read_at_once(value, size, indent):
    text = json.dumps(value, indent=indent)
    items = list(json_items(_Drip(text, size)))
    assert (dict(items) if isinstance(value, dict) else [item for _, item in items]) == value


class _Drip(StringIO):
    """A file that gives a few characters at a time, however many one wants."""

    def __init__(self, text, size):
        super().__init__(text)
        self.size = size

    def read(self, _wanted=-1):
        return super().read(self.size)


def test_what_is_no_parquet_file_stops_the_run(read, tmp_path):
    (tmp_path / "torn.parquet").write_bytes(b"PAR1 and then nothing")
    with pytest.raises(RecipeError, match=r"torn\.parquet is not a Parquet file"):
        read(files="torn.parquet")


@pytest.mark.parametrize(
    ("type_", "good", "bad"),
    [
        ("text", ["", "a\x00b"], [5, True, ["a"], b"a"]),
        ("integer", [0, -(2**63)], [True, 1.0, "1", 2**63]),
        ("number", [1, 1.5], [True, "1", float("nan"), float("inf")]),
        ("boolean", [True], [1, "true", 0]),
        ("texts", [[], ["a"], '["a"]'], ["a", [1], {"a": 1}, 5]),
        ("json", [{"a": [1, None, "x"]}, "text"], [{1: 2}, {"a": float("nan")}, {"a": b"x"}]),
        ("dialog", [DIALOG, json.dumps(DIALOG)], ["hi", 5, [{"role": "robot", "content": ""}], [{"role": "user"}]]),
        ("timestamp", ["2026-11-01", date(2026, 11, 1)], ["yesterday", 5, True]),
    ],
)
def test_types_are_strict(type_, good, bad):
    from synth_assets.core.column_types import convert

    for value in good:
        convert(value, type_, spelled=False)
    for value in bad:
        with pytest.raises(ValueError):  # noqa: PT011 - the words differ, that they are told is tested above
            convert(value, type_, spelled=False)


def test_a_moment_is_the_same_in_every_spelling():
    from synth_assets.core.column_types import convert

    spellings = ["2026-11-01T12:00:00Z", "2026-11-01 14:00+02:00", datetime(2026, 11, 1, 12, tzinfo=UTC)]
    assert {convert(value, "timestamp", spelled=False) for value in spellings} == {"2026-11-01T12:00:00+00:00"}


def test_roles_of_other_formats_are_understood(read):
    turns = [{"from": "human", "value": "a"}, {"from": "gpt", "value": "b"}]
    assert read(inline=[{"messages": turns}])[0] == [
        {"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]}
    ]


# Order and partitions


def test_the_seed_decides_the_order(read):
    stored = read(inline=ROWS, columns=TEXT)[0]
    assert stored == ROWS
    first, again, other = (read(inline=ROWS, columns=TEXT, seed=seed, buffer=8)[0] for seed in (1, 1, 2))
    assert first == again != other
    assert sorted(first, key=ROWS.index) == ROWS


def test_the_order_of_a_seed_never_changes():
    assert list(shuffle(range(10), 7, 4)) == [1, 0, 2, 5, 6, 4, 7, 9, 3, 8]


@given(st.lists(st.integers()), st.integers(), st.integers(1, 50))
def test_shuffling_loses_nothing_and_adds_nothing(items, seed, buffer):
    assert sorted(shuffle(items, seed, buffer)) == sorted(items)


@given(st.integers(1, 20), st.integers(0, 9))
def test_days_never_share_a_row(rows, seed):
    source = RowSource.model_validate({"inline": ROWS, "columns": TEXT, "rows": rows, "seed": seed})
    days = [list(source.rows(day(index), None)) for index in range(30)]
    rows_read = [row["text"] for rows_of_day in days for row in rows_of_day]
    assert len(rows_read) == len(set(rows_read)) == min(30 * rows, len(ROWS))
    assert all(len(rows_of_day) == rows for rows_of_day in days[: len(ROWS) // rows])


@given(st.integers(1, 9))
def test_each_row_is_in_one_shard_wherever_it_stands(of):
    def shards(rows):
        source = RowSource.model_validate({"inline": rows, "columns": TEXT})
        return [list(source.rows(Partition(str(shard), shard, of, "shards"), None)) for shard in range(of)]

    by_shard = shards(ROWS)
    assert sorted((row for shard in by_shard for row in shard), key=ROWS.index) == ROWS
    assert [shard[::-1] for shard in shards(ROWS[::-1])] == by_shard


def test_rejects_are_in_one_shard_too(read):
    inline = [{"text": 5}, {"text": 6}, {}]
    read_shards = [read(Partition(str(i), i, 4, "shards"), inline=inline, columns=TEXT)[1] for i in range(4)]
    assert sum(map(len, read_shards)) == 3


def test_a_date_column_gives_each_day_its_rows(read):
    dates = ["2026-11-01", "2026-11-02T23:59:59Z", "2026-11-01T00:00:00", "2026-11-09", "soon", None]
    keys = {"inline": [{"text": str(n), "at": at} for n, at in enumerate(dates)], "columns": TEXT}
    days = [read(day(index), **keys, date_column="at") for index in range(3)]
    assert [[row["text"] for row in rows] for rows, _ in days] == [["0", "2"], ["1"], []]
    # What belongs to no day is told of once.
    assert [[reject.reason for reject in rejects] for _, rejects in days] == [["at is no date"] * 2, [], []]


def test_the_limit_counts_what_came_in(read):
    rows, rejects = read(inline=[{"text": 1}, *ROWS], columns=TEXT, rows=3)
    assert (len(rows), len(rejects)) == (2, 1)


def test_a_large_file_is_never_in_memory_as_a_whole(tmp_path):
    item = json.dumps({"text": "x" * 500})
    (tmp_path / "large.json").write_text("[" + ",\n".join([item] * 20_000) + "]")
    (tmp_path / "large.csv").write_text("text\n" + ("x" * 500 + "\n") * 20_000)
    (tmp_path / "large.jsonl").write_text((item + "\n") * 20_000)
    for name in ("large.json", "large.csv", "large.jsonl"):
        source = RowSource.model_validate({"files": str(tmp_path / name), "columns": TEXT, "seed": 1, "buffer": 100})
        tracemalloc.start()
        assert sum(1 for _ in source.rows(Partition(), _Here(tmp_path))) == 20_000
        assert tracemalloc.get_traced_memory()[1] < 2_000_000
        tracemalloc.stop()


class _Here:
    def __init__(self, folder):
        self.folder = folder
