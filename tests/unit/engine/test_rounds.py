"""Rounds of a goal, against stages that are only numbers: they end, they say why, and they never ask for less."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synth_assets.core.errors import BudgetError
from synth_assets.engine.commit.table_builder import SURPLUS
from synth_assets.engine.goal_rounds import GoalRounds
from synth_assets.engine.job import Job, StageResult, Tally
from synth_assets.recipes import Recipe, load_recipe

RECIPE = """
teacher: {{model: offline}}
goal: {{stage: judged, rows: {rows}, rounds: {rounds}, acceptance: {floor}}}
stages:
  seeds: {{kind: source, inline: [{{task: sums}}], columns: {{task: text}}}}
  asked: {{kind: questions, from: seeds, task: "{{{{ task }}}}", count: 10}}
  judged: {{kind: judge, from: asked, work: "{{{{ question }}}}", rubric: any, scale: binary, keep: ">= 1"}}
"""


@pytest.fixture(scope="module")
def recipe(tmp_path_factory: pytest.TempPathFactory) -> Recipe:
    return recipe_of(tmp_path_factory.mktemp("recipes"))


def recipe_of(folder: Path, rows: int = 100, rounds: int = 10, floor: float = 0.02) -> Recipe:
    path = folder / "mine.yaml"
    path.write_text(RECIPE.format(rows=rows, rounds=rounds, floor=floor))
    return load_recipe(path)


class Numbers:
    """Runs jobs as a stage would whose rows are accepted at a rate, and of which there are at most so many."""

    def __init__(self, rate: float, most: int = 10**9, calls: int = 10**9) -> None:
        self.rate, self.most, self.calls = rate, most, calls
        self.asked: list[int] = []

    def __call__(self, job: Job) -> StageResult:
        if job.stage == "asked":
            self.asked.append(job.what.count)
            if self.asked[-1] > self.calls:
                raise BudgetError("the budget has no room")
            return self._result(job, Tally(rows=min(self.asked[-1], self.most)))
        accepted = int(min(self.asked[-1], self.most) * self.rate)
        wanted = job.recipe.goal.rows
        surplus = {SURPLUS: accepted - wanted} if accepted > wanted else {}
        return self._result(job, Tally(rows=min(accepted, wanted), reasons=surplus))

    def _result(self, job: Job, tally: Tally) -> StageResult:
        return StageResult(job.table, "all", "run", 1, "", False, tally, 0.0)


def rounds_of(recipe: Recipe, numbers: Numbers) -> StageResult:
    job = Job(recipe, "asked", recipe.partition("all"), "run")
    return GoalRounds(job, numbers).go()


@settings(max_examples=200)
@given(rate=st.floats(0, 1), rows=st.integers(1, 3000), rounds=st.integers(1, 12), most=st.integers(0, 5000))
def test_rounds_end_and_say_why(recipe: Recipe, rate: float, rows: int, rounds: int, most: int) -> None:
    wish = replace(recipe, goal=recipe.goal.model_copy(update={"rows": rows, "rounds": rounds}))
    numbers = Numbers(rate, most)
    told = rounds_of(wish, numbers).rounds
    assert 1 <= len(told.rounds) == len(numbers.asked) <= rounds
    assert numbers.asked == sorted(set(numbers.asked)), "each round asks for more"
    assert told.reached == (told.rounds[-1].accepted >= rows) == (told.stopped == "reached")
    assert not any(each.accepted >= rows for each in told.rounds[:-1]), "no round after the goal is reached"
    if told.stopped == "asked has no more to give":
        assert numbers.asked[-1] > most, "a little more than before is not the same as no more"


def test_a_round_asks_for_about_what_is_missing(recipe: Recipe) -> None:
    numbers = Numbers(0.5)
    told = rounds_of(recipe, numbers).rounds
    assert numbers.asked == [10, 40, 160, 205]
    assert told.rounds[-1].accepted == 102


@pytest.mark.parametrize(
    ("numbers", "why"),
    [
        (Numbers(0.5, most=60), "asked has no more to give"),
        (Numbers(0.0), "of 80 new rows 0 were accepted, less than 0.02 of them (acceptance)"),
        (Numbers(0.1), "3 rounds are over (rounds)"),
    ],
)
def test_the_limit_that_was_hit_is_named(tmp_path: Path, numbers: Numbers, why: str) -> None:
    recipe = recipe_of(tmp_path, rounds=3 if numbers.rate == 0.1 else 10)
    told = rounds_of(recipe, numbers).rounds
    assert not told.reached
    assert told.stopped == why


def test_a_budget_that_is_used_up_says_how_far_the_goal_is(recipe: Recipe) -> None:
    with pytest.raises(BudgetError, match="the goal: 20 of 100 rows of judged after 2 rounds"):
        rounds_of(recipe, Numbers(0.5, calls=40))


def test_trials_have_no_goal(recipe: Recipe) -> None:
    trial = Job(recipe, "judged", recipe.partition("all"), "run", limit=3)
    assert trial.work.contract.gate.goal_rows is None
    assert replace(trial, limit=None).work.contract.gate.goal_rows == 100
