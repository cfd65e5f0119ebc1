"""Runs a recipe's goal: asks for more, round after round, until enough rows are accepted or a limit is hit."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from synth_assets.core.errors import BudgetError
from synth_assets.core.stage import Partition, Stage
from synth_assets.engine.checks.table_check import GateClosed
from synth_assets.engine.commit.table_builder import SURPLUS
from synth_assets.engine.job import Job, Round, Rounds, StageResult, Tally
from synth_assets.recipes.goal import Goal

MOST_TIMES = 4.0
"""A round asks for so many times as much as the one before, at most: the first ones tell little."""
MARGIN = 1.1

Run = Callable[[Job], StageResult]


def runs_in_rounds(job: Job) -> bool:
    """Return whether a job is to be run in rounds until a goal is reached. Trials are not: they are to be small."""
    goal = job.recipe.goal
    return goal is not None and goal.grows == job.stage and job.limit is None and job.round == 0


@dataclass
class GoalRounds:
    """The rounds of one job. Each makes the stage that grows and all that follows it, up to the goal's own stage.

    Whatever an earlier round asked is in the ledger, so a round pays for what is new in it, and a run that was
    stopped goes through its rounds again for nothing.
    """

    job: Job
    run: Run
    rounds: list[Round] = field(default_factory=list)

    def go(self) -> StageResult:
        """Runs until the goal is reached or cannot be, and says which."""
        times = 1.0
        while True:
            try:
                result, closed = self._round(times)
            except BudgetError as error:
                raise self._out_of_money(error) from error
            stopped = self._stopped()
            if stopped is not None:
                if closed is not None:
                    raise closed
                return replace(result, rounds=Rounds(tuple(self.rounds), self._goal.rows, stopped))
            times = self._next()

    @property
    def _goal(self) -> Goal:
        assert self.job.recipe.goal is not None
        return self.job.recipe.goal

    def _round(self, times: float) -> tuple[StageResult, GateClosed | None]:
        """Makes each table of the round; a gate that closes for want of rows only says that more is needed."""
        number = len(self.rounds) + 1
        first = self.run(replace(self.job, times=times, round=number, force=True))
        results: list[StageResult] = [first]
        closed: GateClosed | None = None
        for follower in self.followers():
            try:
                results.append(self.run(replace(follower, round=number)))
            except GateClosed as gate:
                if not gate.wants_rows:
                    raise
                closed = gate
                break
        last, bought = results[-1].tally, Tally()
        accepted = 0 if closed is not None else last.rows + last.reasons.get(SURPLUS, 0)
        for each in results:
            bought.calls += 0 if each.reused else each.tally.calls
            bought.pay(0.0 if each.reused else each.tally.cost_usd)
        self.rounds.append(Round(number, times, first.tally.rows, accepted, bought.calls, bought.cost_usd))
        return first, closed

    def followers(self) -> list[Job]:
        """Return the jobs of a round after the one that grows; the last is the goal's own."""
        job, recipe = self.job, self.job.recipe
        return [
            replace(job, stage=stage, partition=job.partition if recipe.is_partitioned(stage) else Partition(), round=1)
            for stage in recipe.goal_chain()
        ]

    def _stopped(self) -> str | None:
        """Return why there is no further round; None if there is one."""
        goal, last = self._goal, self.rounds[-1]
        before = self.rounds[-2] if len(self.rounds) > 1 else None
        made = last.made - (before.made if before else 0)
        accepted = last.accepted - (before.accepted if before else 0)
        if last.accepted >= goal.rows:
            return "reached"
        if made <= 0 or self._grown(self._next()) == self._grown(last.times):
            return f"{self.job.stage} has no more to give"
        if made * goal.acceptance >= 1 and accepted < made * goal.acceptance:
            return f"of {made} new rows {accepted} were accepted, less than {goal.acceptance:.3g} of them (acceptance)"
        if len(self.rounds) >= goal.rounds:
            return f"{goal.rounds} rounds are over (rounds)"
        return None

    def _grown(self, times: float) -> Stage:
        return replace(self.job, times=times).what

    def _next(self) -> float:
        """Return how many times as much to ask for, by what the newest rows brought; a margin saves a round."""
        last, before = self.rounds[-1], self.rounds[-2] if len(self.rounds) > 1 else Round()
        gained = last.accepted - before.accepted
        if gained <= 0:
            return last.times * 2
        more = MARGIN * (self._goal.rows - last.accepted) * (last.times - before.times) / gained
        more = min(more, last.times * (MOST_TIMES - 1))
        # A stage is asked in whole calls: too little more would be the same again, and look as if there were no more.
        while more < last.times and self._grown(last.times + more) == self._grown(last.times):
            more *= 2
        return last.times + more

    def _out_of_money(self, error: BudgetError) -> BudgetError:
        accepted = self.rounds[-1].accepted if self.rounds else 0
        message = f"{accepted} of {self._goal.rows} rows of {self._goal.stage} after {len(self.rounds)} rounds"
        return BudgetError(f"{error.message}; the goal: {message}", where=error.where, remedy=error.remedy)
