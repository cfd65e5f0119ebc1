"""The four promises, on a real lake with the offline teacher."""

import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from synth_assets.core.errors import ConflictError, LakeError
from synth_assets.core.parse import Unreadable
from synth_assets.core.stage import Partition
from synth_assets.engine import GateClosed, Job, RunSelection, new_run_id, trace
from synth_assets.engine.tables import CALLS
from synth_assets.kinds.ask.rewrite import Rewrite
from synth_assets.lake import Change, CommitInfo, Lake
from synth_assets.recipes import load_recipe
from tests.integration.engine.conftest import Workplace, dialog

N = 20


def _calls(workplace: Workplace) -> int:
    return workplace.engine.lake.count(CALLS)


def _run_beside(workplace: Workplace, job: Job) -> None:
    """Runs a whole job while another one is at work."""
    with ThreadPoolExecutor(1) as other:
        other.submit(workplace.engine.run, job).result()


class TestNoAnswerIsBoughtTwice:
    """A rerun asks only for what changed, and the plan says so before."""

    def _run_as_planned(self, robots: Workplace, calls: int) -> None:
        planned = robots.plan()["rewritten"].calls
        before = _calls(robots)
        result = robots.run()["rewritten"]
        assert planned == result.tally.calls == _calls(robots) - before == calls

    def test_the_first_run_asks_about_each_row(self, robots: Workplace) -> None:
        self._run_as_planned(robots, N)

    def test_the_same_again_asks_nothing_and_commits_nothing(self, robots: Workplace) -> None:
        robots.run()
        snapshot = robots.engine.lake.snapshot()
        self._run_as_planned(robots, 0)
        assert robots.engine.lake.snapshot() == snapshot
        assert all(result.reused for result in robots.run().values())

    def test_one_changed_row_is_one_call(self, robots: Workplace) -> None:
        robots.run()
        robots.write_dialogs([dialog(number) for number in range(N - 1)] + [dialog(777)])
        self._run_as_planned(robots, 1)

    def test_a_changed_instruction_asks_about_each_row(self, robots: Workplace) -> None:
        robots.run()
        robots.robots(instruction="Be a gloomy robot.")
        self._run_as_planned(robots, N)

    def test_going_back_costs_nothing(self, robots: Workplace) -> None:
        robots.run()
        robots.robots(instruction="Be a gloomy robot.")
        robots.run()
        robots.robots()
        self._run_as_planned(robots, 0)

    def test_a_changed_parser_reads_the_ledger_again(self, robots: Workplace, monkeypatch: pytest.MonkeyPatch) -> None:
        robots.run()
        monkeypatch.setattr("synth_assets.recipes.recipe.code_hash", lambda kind: f"new code of {kind.__name__}")
        assert robots.plan()["rewritten"].state == "changed"
        self._run_as_planned(robots, 0)
        assert robots.run()["rewritten"].tally.hits == N

    def test_equal_rows_share_one_answer(self, robots: Workplace) -> None:
        robots.write_dialogs([dialog(1)] * 5)
        self._run_as_planned(robots, 1)
        rows = robots.engine.lake.rows("SELECT count(DISTINCT row_id) AS rows FROM robots.rewritten")
        assert rows == [{"rows": 5}]

    def test_an_unreadable_answer_is_bought_once_with_its_repairs(
        self, robots: Workplace, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def never(self: Rewrite, row: object, reply: object) -> None:
            raise Unreadable("nobody can read this")

        monkeypatch.setattr(Rewrite, "read", never)
        robots.write(
            "robots",
            Path(robots.folder / "recipes/robots.yaml").read_text().split("  finetune")[0]
            + "    checks: {min_rows: 0}\n",
        )
        result = robots.run()["rewritten"]
        assert (result.tally.rows, result.tally.rejects) == (0, N)
        assert result.tally.calls == 3 * N, "each was asked, and sent back twice"
        planned = robots.plan(wish=RunSelection(force=True))["rewritten"]
        assert (planned.calls, planned.hits, planned.rejects) == (0, 3 * N, N)
        assert robots.run(wish=RunSelection(force=True))["rewritten"].tally.calls == 0

    def test_a_trial_leaves_the_dataset_alone_and_is_not_paid_again(self, robots: Workplace) -> None:
        trial = robots.run(wish=RunSelection(limit=5))
        assert trial["rewritten"].table == "robots__trial.rewritten"
        assert trial["rewritten"].tally.rows == 5
        assert not robots.engine.lake.has("robots.rewritten")
        self._run_as_planned(robots, N - 5)


class TestPartitionsChange:
    """A recipe that is divided otherwise leaves no row of its former division behind."""

    def _divide(self, robots: Workplace, how: str) -> dict[str, int]:
        text = Path(robots.folder / "recipes/robots.yaml").read_text().split("partitions:")[0]
        robots.write("robots", f"{text}partitions: {how}\n" if how else text)
        robots.run()
        rows = robots.engine.lake.rows("SELECT partition_key AS key, count(*) AS n FROM robots.rewritten GROUP BY ALL")
        return {row["key"]: row["n"] for row in rows}

    def test_from_the_whole_to_shards_and_back(self, robots: Workplace) -> None:
        assert self._divide(robots, "") == {"all": N}
        shards = self._divide(robots, "{shards: 2}")
        assert set(shards) == {"shard-00", "shard-01"}
        assert sum(shards.values()) == N
        assert self._divide(robots, "") == {"all": N}
        assert _calls(robots) == N, "the answers were there"


class TestRowsAreNamed:
    """By their content, or by the column that the recipe says names them."""

    def _ids(self, robots: Workplace) -> list[str]:
        return [row["row_id"] for row in robots.engine.lake.rows("SELECT row_id FROM robots.raw ORDER BY row_id")]

    def test_equal_content_has_equal_ids_wherever_it_stands(self, robots: Workplace) -> None:
        robots.run(wish=RunSelection(stage="raw"))
        before = self._ids(robots)
        robots.write_dialogs([dialog(number) for number in reversed(range(N))])
        robots.run(wish=RunSelection(stage="raw"))
        assert self._ids(robots) == before

    def test_an_id_column_keeps_the_name_of_a_row_whose_content_changed(self, robots: Workplace) -> None:
        text = "stages:\n  raw:\n    kind: source\n    id: number\n"
        text += "    columns: {number: integer, text: text}\n    inline:\n"
        robots.write("robots", text + "      - {number: 1, text: one}\n")
        robots.run()
        before = self._ids(robots)
        robots.write("robots", text + "      - {number: 1, text: uno}\n")
        assert not robots.run()["raw"].reused
        assert self._ids(robots) == before


class TestWhatIsCarriedThrough:
    """A column that no prompt reads reaches the end all the same."""

    def test_its_change_is_followed_without_a_call(self, robots: Workplace) -> None:
        text = """
teacher: {model: offline}
stages:
  raw:
    kind: source
    id: number
    columns: {number: integer, note: text, messages: dialog}
    inline:
      - {number: 1, note: NOTE, messages: [{role: user, content: Hi}, {role: assistant, content: Hello}]}
  rewritten: {kind: rewrite, from: raw, instruction: Be a robot.}
  kept: {kind: filter, from: rewritten, where: "true"}
"""
        robots.write("robots", text.replace("NOTE", "old"))
        robots.run()
        robots.write("robots", text.replace("NOTE", "new"))
        assert robots.run()["rewritten"].tally.calls == 0
        assert robots.engine.lake.rows("SELECT note FROM robots.kept") == [{"note": "new"}]


class TestEveryRowExplainsItself:
    """From a line of a training file to the reply, the prompt and the source row."""

    def test_a_line_leads_to_its_source(self, robots: Workplace) -> None:
        folder = robots.run()["finetune"].folder
        assert folder is not None
        line = json.loads((folder / "train.jsonl").read_text().splitlines()[4])
        links = list(trace(robots.engine.lake, f"{folder / 'train.jsonl'}:5").walk())
        assert [link.table for link in links] == ["robots.finetune", "robots.rewritten", "robots.raw"]
        _, rewritten, raw = links
        assert rewritten.values["messages"] == line["messages"]
        assert raw.values["messages"][0]["content"] == line["messages"][0]["content"]
        (call,) = rewritten.calls
        assert (call["model"], call["endpoint"]) == ("offline", "offline/1")
        assert line["messages"][1]["content"] in json.loads(call["reply"])["messages"][1]["content"]
        assert "Be a cheerful robot." in call["request"]

    def test_a_copied_file_and_a_row_id_lead_there_too(self, robots: Workplace, tmp_path: Path) -> None:
        folder = robots.run()["finetune"].folder
        assert folder is not None
        copy = tmp_path / "renamed.jsonl"
        copy.write_bytes((folder / "train.jsonl").read_bytes())
        link = trace(robots.engine.lake, f"{copy}:1")
        assert trace(robots.engine.lake, link.row_id) == link

    def test_an_earlier_export_is_explained_as_it_was(self, robots: Workplace) -> None:
        first = robots.run()["finetune"].folder
        robots.robots(instruction="Be a gloomy robot.")
        robots.run()
        assert first is not None
        assert (first.parent / "current").resolve() != first
        link = trace(robots.engine.lake, f"{first / 'train.jsonl'}:1")
        (call,) = link.parents[0].calls
        assert "Be a cheerful robot." in call["request"]


class TestNothingDisappears:
    """Rows in are rows out and rejects, and a closed gate changes nothing."""

    def test_what_cannot_be_used_is_kept_with_its_reason(self, robots: Workplace) -> None:
        robots.write_dialogs([dialog(1), [{"role": "user", "content": "anyone?"}], dialog(2)])
        result = robots.run()["rewritten"]
        assert (result.tally.input_rows, result.tally.rows, result.tally.rejects) == (3, 2, 1)
        (reject,) = robots.engine.lake.rows("SELECT * FROM robots.rewritten__rejects")
        (row,) = robots.engine.lake.rows("SELECT * FROM robots.raw WHERE len(messages) = 1")
        assert reject["parent_ids"] == [row["row_id"]]
        assert reject["reason"] == "not fit to rewrite"
        assert json.loads(reject["row"])["messages"] == [{"role": "user", "content": "anyone?"}]

    def test_a_closed_gate_leaves_the_table_as_it_was(self, robots: Workplace) -> None:
        robots.run()
        lake, before = robots.engine.lake, robots.engine.lake.snapshot()
        text = (robots.folder / "recipes/robots.yaml").read_text()
        robots.write("robots", text.replace("cheerful robot.", "cheerful robot.\n    checks: {min_rows: 21}"))
        with pytest.raises(GateClosed, match="enough_rows: 20 rows, at least 21 wanted") as closed:
            robots.run()
        assert [verdict.name for verdict in closed.value.verdicts if not verdict.passed] == ["enough_rows"]
        assert lake.count("robots.rewritten") == N
        assert lake.rows("SELECT count(*) AS n FROM robots.rewritten", at=before) == [{"n": N}]

    def test_a_gate_closed_by_rejects_shows_them(self, robots: Workplace) -> None:
        robots.write_dialogs([[{"role": "user", "content": "anyone?"}]] * 2)
        text = (robots.folder / "recipes/robots.yaml").read_text()
        robots.write("robots", text.replace("cheerful robot.", "cheerful robot.\n    checks: {max_rejects: 0.5}"))
        with pytest.raises(GateClosed) as closed:
            robots.run()
        (enough, few) = [verdict for verdict in closed.value.verdicts if verdict.blocking and not verdict.passed]
        assert few.description.startswith("2 rejects, 100.0% of all (2 not fit to rewrite); at most 50%")
        assert [told["reason"] for told in (*enough.failing, *few.failing)] == ["not fit to rewrite"] * 2
        assert "anyone?" in str(enough.failing[0]["row"])

    def test_an_interrupt_after_the_commit_leaves_the_export(
        self, robots: Workplace, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        commit = Lake.commit

        def interrupted(lake: Lake, changes: Sequence[Change], about: CommitInfo, **told: Any) -> int:
            snapshot = commit(lake, changes, about, **told)
            if about.stage == "finetune":
                raise KeyboardInterrupt
            return snapshot

        monkeypatch.setattr(Lake, "commit", interrupted)
        with pytest.raises(KeyboardInterrupt):
            robots.run()
        (told,) = robots.engine.lake.rows("SELECT folder FROM ops.commits WHERE stage = 'finetune'")
        assert (Path(told["folder"]) / "train.jsonl").is_file()

    def test_a_refused_export_leaves_no_folder(self, robots: Workplace) -> None:
        text = (robots.folder / "recipes/robots.yaml").read_text()
        robots.write("robots", text.rstrip() + "\n    checks: {min_rows: 21}\n")
        with pytest.raises(GateClosed):
            robots.run()
        assert list((robots.settings.exports / "robots" / "finetune").iterdir()) == []

    def test_a_stage_before_its_input_says_what_to_run(self, robots: Workplace) -> None:
        with pytest.raises(LakeError, match=r"it reads robots\.raw, which is not there yet"):
            robots.run(wish=RunSelection(stage="rewritten"))


class TestRunsBesideEachOther:
    """Two runs of one stage: one wins, the other finds the same done, or is told to run again."""

    def test_the_loser_of_a_race_finds_its_work_done(self, robots: Workplace, monkeypatch: pytest.MonkeyPatch) -> None:
        robots.run(wish=RunSelection(stage="raw"))
        recipe = load_recipe(robots.folder / "recipes/robots.yaml")
        winner: list[str] = []

        def overtake(job: Job, tally: object) -> None:
            if not winner:
                winner.append(new_run_id())
                _run_beside(robots, Job(recipe, "rewritten", job.partition, winner[0]))

        loser = Job(recipe, "rewritten", Partition(), new_run_id())
        result = robots.engine.run(loser, overtake)
        assert (result.reused, result.run_id) == (True, winner[0])
        assert robots.engine.lake.count("robots.rewritten") == N
        spare = robots.engine.lake.rows(f"SELECT spare, count(*) AS calls FROM {CALLS} GROUP BY ALL ORDER BY spare")
        assert spare[0] == {"spare": False, "calls": N}, "one purchase of each key is the answer"

    def test_a_run_of_other_work_does_not_overwrite(self, robots: Workplace) -> None:
        robots.run(wish=RunSelection(stage="raw"))
        old = load_recipe(robots.folder / "recipes/robots.yaml")
        robots.robots(instruction="Be a gloomy robot.")
        new = load_recipe(robots.folder / "recipes/robots.yaml")
        done: list[str] = []

        def overtake(job: Job, tally: object) -> None:
            if not done:
                done.append("yes")
                _run_beside(robots, Job(new, "rewritten", job.partition, new_run_id()))

        job = Job(old, "rewritten", Partition(), new_run_id())
        with pytest.raises(ConflictError, match="another run committed this table"):
            robots.engine.run(job, overtake)
        (call,) = robots.engine.lake.rows(
            f"SELECT request FROM {CALLS} WHERE call_key = (SELECT call_keys[1] FROM robots.rewritten LIMIT 1)"
        )
        assert "gloomy" in call["request"]
