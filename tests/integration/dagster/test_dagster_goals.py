"""A goal in the UI: its rounds on the asset that grows, and a check that warns where it is missed."""

from tests.integration.dagster.conftest import Place, checks_of

GOAL = """
teacher: {{model: offline}}
goal: {{stage: judged, rows: {rows}, rounds: 3}}
stages:
  seeds:
    kind: source
    inline: [{{task: sums, examples: [Add one to one.]}}]
    columns: {{task: text, examples: texts}}
  asked: {{kind: questions, from: seeds, task: "{{{{ task }}}}", examples: examples, count: 5}}
  judged: {{kind: judge, from: asked, work: "{{{{ question }}}}", rubric: any, scale: binary, keep: ">= 1"}}
"""


def test_the_rounds_are_shown_and_the_rows_are_exact(place: Place) -> None:
    place.recipe("mine", GOAL.format(rows=12))
    result = place.run("mine")
    assert result.success
    assert place.rows("SELECT count(*) AS n FROM mine.judged") == [{"n": 12}]
    told = place.metadata("mine/asked")
    assert told["goal"] == "12 rows, reached"
    assert [record.data["accepted"] for record in told["rounds"].records][-1] >= 12
    assert place.metadata("mine/judged")["dagster/row_count"] == 12
    assert checks_of(result)["judged: goal_is_reached"].passed


def test_a_goal_that_is_missed_warns(place: Place) -> None:
    place.recipe("mine", GOAL.format(rows=10_000))
    result = place.run("mine")
    assert result.success
    check = checks_of(result)["judged: goal_is_reached"]
    assert not check.passed
    assert check.severity.value == "WARN"
    assert place.metadata("mine/asked")["goal"] == "10,000 rows, not reached: 3 rounds are over (rounds)"
