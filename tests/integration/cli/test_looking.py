"""`synth show`, `sql`, `trace`, `diff`: what was made, asked in different ways."""

import csv
import io
import json
import os
import pty
import re
import select
import signal
import subprocess
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from .conftest import RECIPE, Place, running


def row_ids(place: Place, table: str) -> list[str]:
    rows = place.synth("sql", f"SELECT row_id FROM {table} ORDER BY row_id", "--format", "json").json
    return [row["row_id"] for row in rows]


def newest_snapshot(place: Place) -> int:
    return int(place.synth("lake", "snapshots", "--json").json[-1]["id"])


def rewrite_anew(place: Place) -> None:
    place.write_recipe(RECIPE.replace("cheerful", "gloomy"))
    place.synth("run", "robots")


def test_a_recipe_is_shown_by_its_tables_and_a_rewrite_beside_its_original(made: Place) -> None:
    shown = made.synth("show", "robots").out
    assert re.search(r"robots\.rewritten +rewrite +12 +1 ", shown)
    before, after = (shown.index(word) for word in ("There is much to say about bread.", "before"))
    assert after < before
    # What the user said is not said twice.
    assert shown.count("Tell me about bread.") == 1


def test_a_dialog_alone_is_not_side_by_side(made: Place) -> None:
    assert "before" in made.synth("show", "robots.rewritten", "--rows", "1").out
    assert "before" not in made.synth("show", "robots.rewritten", "--rows", "1", "--alone").out
    assert "before" not in made.synth("show", "robots.raw", "--rows", "1").out


def test_a_table_made_of_rewrites_shows_them_beside_their_originals_too(made: Place) -> None:
    made.write_recipe(
        RECIPE.replace("  finetune:", "  few: {kind: filter, from: rewritten, where: 'true'}\n  finetune:")
    )
    made.synth("run", "robots")
    shown = made.synth("show", "robots.few", "--rows", "1").out
    assert "before" in shown
    assert shown.count("There is much to say about") == 2


def test_rows_say_how_many_there_are(made: Place) -> None:
    assert "3 of 13 rows of robots.raw; --rows 13 shows all" in made.synth("show", "robots.raw").out
    assert "13 of 13 rows" in made.synth("show", "robots.raw", "--rows", "13").out


def test_rejects_are_shown_with_their_reason(made: Place) -> None:
    shown = made.synth("show", "robots.rewritten", "--rejects").out
    assert "not fit to rewrite" in shown
    assert "Who is there?" in shown


def test_an_earlier_state_is_shown(made: Place) -> None:
    before = newest_snapshot(made)
    was = made.synth("show", "robots.rewritten", "--alone").out
    rewrite_anew(made)
    assert made.synth("show", "robots.rewritten", "--alone").out != was
    assert made.synth("show", "robots.rewritten", "--alone", "--at", str(before)).out == was


def test_a_table_that_is_not_there_is_suggested(made: Place) -> None:
    assert "did you mean robots.rewritten?" in made.synth("show", "robots.rewriten", code=1).err
    assert "there is no lake yet" in Place(made.folder / "elsewhere").synth("show", "robots", code=1).err
    assert not (made.folder / "elsewhere").exists()


def test_one_question_has_the_same_answer_in_every_format(made: Place, tmp_path: Path) -> None:
    query = "SELECT row_id, messages, NULL AS nothing, 1.5 AS number, true AS yes FROM robots.rewritten ORDER BY row_id"
    as_json = made.synth("sql", query, "--format", "json").json
    as_csv = list(csv.DictReader(io.StringIO(made.synth("sql", query, "--format", "csv").out)))
    file = tmp_path / "answer.parquet"
    made.synth("sql", query, "-o", str(file))
    assert as_json == pq.read_table(file).to_pylist()
    assert [json.loads(row["messages"]) for row in as_csv] == [row["messages"] for row in as_json]
    assert {row["nothing"] for row in as_csv} == {""}
    table = made.synth("sql", query).out
    assert "NULL" in table
    assert "12 rows" in table


def test_an_answer_without_rows_is_an_answer(made: Place) -> None:
    assert made.synth("sql", "SELECT 1 AS one WHERE false", "--format", "json").json == []
    assert made.synth("sql", "SELECT 1 AS one WHERE false", "--format", "csv").out == "one\n"
    assert "0 rows" in made.synth("sql", "SELECT 1 AS one WHERE false").out


def test_columns_of_one_name_are_all_shown(made: Place) -> None:
    assert made.synth("sql", "SELECT 1 AS a, 2 AS a", "--format", "csv").out == "a,a\n1,2\n"


def test_a_question_can_come_from_stdin(made: Place) -> None:
    assert "42" in made.synth("sql", stdin="SELECT 6 * 7 AS answer").out


@pytest.mark.parametrize(
    "query", ["SELECT nothing FROM robots.raw", "DROP TABLE robots.raw", "SELECT error('boom') FROM robots.raw", ""]
)
def test_what_cannot_be_answered_is_said_plainly(made: Place, query: str) -> None:
    said = made.synth("sql", query, code=1)
    assert said.err.startswith("✗ ")
    assert "Traceback" not in said.err
    assert len(row_ids(made, "robots.raw")) == 13


def test_a_failed_question_leaves_no_file(made: Place, tmp_path: Path) -> None:
    made.synth("sql", "SELECT error('boom') AS e FROM robots.raw", "-o", str(tmp_path / "x.csv"), code=1)
    assert not list(tmp_path.glob("*x.csv*"))


def test_ctrl_c_ends_a_question_that_takes_too_long(made: Place) -> None:
    endless = "SELECT a.i FROM range(1000000) a(i), range(1000000) b(i), range(1000000) c(i) WHERE a.i * b.i * c.i = -1"
    args, env = made.command("sql", endless, "--format", "csv")
    with running(args, env) as process:
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(timeout=2)
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=20) in (130, -signal.SIGINT)


def test_the_shell_answers_until_one_leaves(made: Place) -> None:
    args, env = made.command("sql")
    said = converse(
        args,
        env | {"TERM": "dumb"},
        ["\\d\n", "SELECT count(*) AS n\n", "FROM robots.raw;\n", "SELECT nope;\n", "\\d robots.raw\n", "\\q\n"],
    )
    assert "robots.rewritten" in said
    assert "13" in said
    assert 'Referenced column "nope"' in said
    assert "VARCHAR" in said
    assert (made.home / "sql_history").is_file()


def converse(args: list[str], env: dict[str, str], lines: list[str]) -> str:
    """Types lines into a program on a terminal, each when it prompts; what was on the terminal in the end."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(args, stdin=theirs, stdout=theirs, stderr=theirs, env=env, close_fds=True)
    os.close(theirs)
    seen = ""
    waiting = list(lines)
    while True:
        ready, _, _ = select.select([ours], [], [], 20)
        try:
            part = os.read(ours, 65536).decode() if ready else ""
        except OSError:  # how Linux says that the other end is closed
            break
        if not part:
            break
        seen += part
        if waiting and re.search(r"(synth> |\.\.\. )$", seen):
            os.write(ours, waiting.pop(0).encode())
    os.close(ours)
    assert process.wait(timeout=20) == 0, seen
    return seen


def test_a_line_of_a_training_file_is_traced_to_its_source(made: Place) -> None:
    line = made.synth("trace", f"{made.export / 'train.jsonl'}:3", "--json").json
    assert (line["table"], line["values"]["line"]) == ("robots.finetune", 3)
    (rewritten,) = line["parents"]
    (call,) = rewritten["calls"]
    assert call["model"] == "offline"
    assert call["request"]["messages"][0]["content"].startswith("Be a cheerful robot.")
    (raw,) = rewritten["parents"]
    assert raw["parents"] == []
    assert raw["snapshot"] < rewritten["snapshot"] < line["snapshot"]
    assert line["commit"]["run_id"] == raw["commit"]["run_id"]

    tree = made.synth("trace", line["row_id"]).out
    assert [word for word in ("robots.finetune", "robots.rewritten", "robots.raw") if word in tree]
    assert f"snapshot {line['snapshot']}" in tree
    assert "asked offline" in tree


def test_a_line_of_an_earlier_export_is_traced_as_it_was(made: Place, tmp_path: Path) -> None:
    copy = tmp_path / "kept.jsonl"
    copy.write_bytes((made.export / "train.jsonl").read_bytes())
    rewrite_anew(made)
    (rewritten,) = made.synth("trace", f"{copy}:1", "--json").json["parents"]
    assert "cheerful" in rewritten["calls"][0]["request"]["messages"][0]["content"]


@pytest.mark.parametrize(("what", "told"), [("nothing", "no table holds"), ("train.jsonl:99", "has no line 99")])
def test_what_cannot_be_traced_is_said(made: Place, what: str, told: str) -> None:
    what = str(made.export / what) if ":" in what else what
    assert told in made.synth("trace", what, code=1).err
    assert told in made.synth("trace", what, "--json", code=1).json["error"]["message"]


def test_two_snapshots_differ_by_their_rows(made: Place) -> None:
    before = newest_snapshot(made)
    rewrite_anew(made)
    (found,) = made.synth("diff", f"robots.rewritten@{before}", "robots.rewritten", "--json").json["differences"]
    assert (found["changed"], found["added"], found["removed"], found["same"]) == (12, 0, 0, 0)
    assert found["first"][0]["name"] in row_ids(made, "robots.rewritten")
    said = made.synth("diff", f"robots.rewritten@{before}", "robots.rewritten").out
    assert "12 changed, 0 added, 0 removed" in said
    assert "turn 2 (assistant)" in said
    assert "turn 1 (user)" not in said
    assert "no difference" in made.synth("diff", f"robots.raw@{before}", "robots.raw").out


def test_two_exports_differ_by_what_the_assistant_says(made: Place) -> None:
    before = made.export.resolve()
    rewrite_anew(made)
    told = made.synth("diff", str(before), str(made.export), "--json").json
    assert told["different"]
    assert [Path(each["a"]).name for each in told["differences"]] == ["train.jsonl", "validation.jsonl"]
    assert sum(each["changed"] for each in told["differences"]) == 12
    assert not made.synth("diff", str(before), str(before), "--json").json["different"]


def test_what_cannot_be_compared_is_said(made: Place) -> None:
    assert "neither a file nor a table" in made.synth("diff", "robots", "robots.raw", code=1).err
    assert "no ids" in made.synth("diff", "ops.commits", "ops.commits", code=1).err
    assert "No snapshot found at version 999" in made.synth("diff", "robots.raw@999", "robots.raw", code=1).err
