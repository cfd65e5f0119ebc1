"""Exactly so many accepted rows: rounds on a real lake, and no answer is bought twice on the way."""

from collections import Counter

import pytest

from synth_assets.core.errors import BudgetError
from synth_assets.engine import GateClosed, RunSelection, StageResult
from synth_assets.engine.commit.table_builder import SURPLUS
from synth_assets.engine.tables import CALLS
from tests.integration.engine.conftest import Workplace, dialog

RECIPE = """
teacher: {{model: offline}}
{head}
goal: {{stage: judged, rows: {rows}{more}}}
stages:
  seeds:
    kind: source
    inline:
      - task: writing informal e-mails
        examples: [Write to Jonas., Thank my aunt for the scarf., Tell them that I cannot come.]
      - task: cooking for two
        examples: ["How long do eggs boil?", "What goes well with leeks?"]
    columns: {{task: text, examples: texts}}
  asked: {{kind: questions, from: seeds, task: "{{{{ task }}}}", examples: examples, count: 5}}
  distinct: {{kind: deduplicate, from: asked, column: question}}
  judged:
    kind: judge
    from: distinct
    work: "{{{{ question }}}}"
    rubric: "{rubric}"
    scale: {{lowest: 1, highest: 3}}
    keep: ">= 2"
    checks: {{min_rows: {least}}}
  finetune: {{kind: answers, from: judged}}
"""


def write(
    workplace: Workplace, rows: int = 60, head: str = "", more: str = "", rubric: str = "x", least: int = 1
) -> None:
    workplace.write("goal", RECIPE.format(rows=rows, head=head, more=more, rubric=rubric, least=least))


def run(workplace: Workplace) -> dict[str, StageResult]:
    return workplace.run("goal")


def ledger(workplace: Workplace) -> Counter[str]:
    return Counter(row["call_key"] for row in workplace.engine.lake.rows(f"SELECT call_key FROM {CALLS}"))


def count(workplace: Workplace, table: str) -> int:
    return workplace.engine.lake.count(f"goal.{table}")


def test_exactly_so_many_rows_are_accepted(workplace: Workplace) -> None:
    write(workplace)
    results = run(workplace)
    told = results["asked"].rounds
    assert told.reached
    assert len(told.rounds) > 1, "one round is not enough for these"
    assert count(workplace, "judged") == count(workplace, "finetune") == 60
    assert results["judged"].reused, "the rounds have made it"
    assert set(ledger(workplace).values()) == {1}, "a round buys only what is new in it"
    calls = sum(each.calls for each in told.rounds) + results["finetune"].tally.calls
    assert calls == sum(ledger(workplace).values())


def test_what_is_too_much_is_a_reject_with_its_reason(workplace: Workplace) -> None:
    write(workplace, rows=7)
    run(workplace)
    lake = workplace.engine.lake
    accepted = workplace.engine.lake.count("goal.judged")
    reasons = Counter(row["reason"] for row in lake.rows("SELECT reason FROM goal.judged__rejects"))
    assert accepted == 7
    assert reasons[SURPLUS] > 0
    assert accepted + reasons.total() == count(workplace, "distinct"), "rows in are rows out and rejects"


def test_the_same_again_makes_nothing(workplace: Workplace) -> None:
    write(workplace)
    run(workplace)
    snapshot, bought = workplace.engine.lake.snapshot(), ledger(workplace)
    assert all(result.reused for result in run(workplace).values())
    assert (workplace.engine.lake.snapshot(), ledger(workplace)) == (snapshot, bought)


def test_a_changed_judge_makes_the_rounds_go_on(workplace: Workplace) -> None:
    write(workplace)
    run(workplace)
    questions = set(ledger(workplace))
    write(workplace, rubric="quite another")
    results = run(workplace)
    assert results["asked"].rounds.reached
    assert count(workplace, "judged") == 60
    assert questions < set(ledger(workplace))
    assert set(ledger(workplace).values()) == {1}


def test_a_higher_goal_goes_on_from_what_is_bought(workplace: Workplace) -> None:
    write(workplace, rows=30)
    run(workplace)
    bought = set(ledger(workplace))
    write(workplace, rows=60)
    run(workplace)
    assert count(workplace, "judged") == 60
    assert bought < set(ledger(workplace))
    assert set(ledger(workplace).values()) == {1}


def test_a_run_that_was_stopped_in_a_round_goes_on(workplace: Workplace) -> None:
    write(workplace, head="budget: {calls: 40}")
    with pytest.raises(BudgetError, match=r"the goal: \d+ of 60 rows of judged after \d rounds"):
        run(workplace)
    kept = set(ledger(workplace))
    assert kept
    write(workplace)
    assert run(workplace)["asked"].rounds.reached
    assert count(workplace, "judged") == 60
    assert kept < set(ledger(workplace))
    assert set(ledger(workplace).values()) == {1}


def test_a_goal_that_is_missed_warns_and_keeps_what_there_is(workplace: Workplace) -> None:
    write(workplace, rows=500, more=", rounds: 2")
    results = run(workplace)
    assert results["asked"].rounds.stopped == "2 rounds are over (rounds)"
    there = count(workplace, "judged")
    assert 0 < there < 500
    assert count(workplace, "finetune") == there


def test_a_gate_makes_a_missed_goal_an_error(workplace: Workplace) -> None:
    write(workplace, rows=500, more=", rounds: 2", least=500)
    with pytest.raises(GateClosed, match="at least 500 wanted"):
        run(workplace)
    assert not workplace.engine.lake.has("goal.judged")


def test_a_gate_for_the_goal_waits_for_the_last_round(workplace: Workplace) -> None:
    write(workplace, least=60)
    assert run(workplace)["asked"].rounds.reached
    assert count(workplace, "judged") == 60


def test_a_step_of_less_than_a_call_is_not_the_end(workplace: Workplace) -> None:
    """One question a call and seed: 1.2 times as much is the same two calls as twice as much."""
    write(workplace, rows=9)
    path = workplace.folder / "recipes" / "goal.yaml"
    path.write_text(path.read_text("utf-8").replace("count: 5", "count: 1, per_call: 1"), "utf-8")
    assert run(workplace)["asked"].rounds.reached
    assert count(workplace, "judged") == 9


def test_a_source_grows_until_it_has_no_more(workplace: Workplace) -> None:
    workplace.write_dialogs([dialog(number) for number in range(30)])
    workplace.write(
        "goal",
        "teacher: {model: offline}\ngoal: {stage: kept, rows: 40}\nstages:\n"
        "  raw: {kind: source, files: dialogs.jsonl, rows: 4}\n"
        "  told: {kind: rewrite, from: raw, instruction: Be glad.}\n"
        "  kept: {kind: filter, from: told, where: 'true'}\n",
    )
    results = workplace.run("goal")
    assert results["raw"].rounds.stopped == "raw has no more to give"
    assert count(workplace, "kept") == 30


def test_each_partition_has_its_goal(workplace: Workplace) -> None:
    workplace.write_dialogs([dialog(number) for number in range(40)])
    workplace.write(
        "goal",
        "teacher: {model: offline}\npartitions: {shards: 2}\ngoal: {stage: told, rows: 12}\nstages:\n"
        "  raw: {kind: source, files: dialogs.jsonl, rows: 10}\n"
        "  told: {kind: rewrite, from: raw, instruction: Be glad.}\n",
    )
    workplace.run("goal", RunSelection(partition="all"))
    counts = workplace.engine.lake.rows("SELECT partition_key, count(*) AS n FROM goal.told GROUP BY 1 ORDER BY 1")
    assert [row["n"] for row in counts] == [12, 12]


def test_a_plan_says_that_it_is_of_one_round(workplace: Workplace) -> None:
    write(workplace)
    told = workplace.plan("goal")["asked"].goal
    assert told == "the goal is 60 rows of goal.judged, 0 are there; it takes 10 rounds at most, this is one"
    run(workplace)
    assert workplace.plan("goal")["asked"].goal == ""
