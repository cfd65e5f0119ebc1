"""Estimates tokens, money and time of calls that are not made yet, with output lengths and latencies of the ledger."""

from dataclasses import dataclass

from synth_assets.core.request import Call, Request
from synth_assets.engine.job import Job
from synth_assets.engine.placeholder_rows import PLACEHOLDER_CHARACTERS
from synth_assets.engine.tables import CALLS
from synth_assets.lake import Lake
from synth_assets.teacher import Teacher
from synth_assets.teacher.tokens import counter_for

ASSUMED_LATENCY_S = 2.0
COUNTED_CALLS = 1_000


@dataclass(frozen=True, slots=True)
class Estimate:
    """What calls would take. A cost of None means that the price is not known."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost_usd: float | None = 0.0
    duration_s: float = 0.0
    basis: str = ""


class Estimator:
    """Adds up the calls of one job."""

    def __init__(self, lake: Lake, teacher: Teacher, job: Job) -> None:
        self._teacher = teacher
        self._prompt_tokens = self._counted = 0
        self._supposed_tokens, self._supposed = 0.0, ""
        self._counter = counter_for(teacher.target.model)
        rows = lake.rows(
            "SELECT avg(completion_tokens / greatest(prompt_tokens, 1))::DOUBLE AS ratio, avg(latency_s) AS latency_s"
            f" FROM {CALLS} WHERE recipe = ? AND stage = ? AND endpoint = ? AND model = ?",
            (job.recipe.name, job.stage, teacher.target.endpoint, teacher.target.model),
        )
        self._ratio, self._latency_s = rows[0]["ratio"], rows[0]["latency_s"]

    def add(self, calls: list[Call]) -> None:
        """Counts the prompts of some calls; the first of them stand for the others."""
        counted = calls[: COUNTED_CALLS - self._counted]
        self._counted += len(counted)
        self._prompt_tokens += sum(self._counter.of_request(call.request) for call in counted)

    def suppose(self, requests: list[Request]) -> None:
        """Counts the prompts of a supposed row: they stand for all where none are known."""
        if requests and not self._supposed_tokens:
            self._supposed_tokens = sum(map(self._counter.of_request, requests)) / len(requests)
            self._supposed = f"; texts that are not there yet taken to have {PLACEHOLDER_CHARACTERS} characters"

    def total(self, calls: int, calls_estimated: int) -> Estimate:
        """Return what those calls would take; calls about rows not known yet are taken to be like the others."""
        if not calls + calls_estimated:
            return Estimate()
        each = self._prompt_tokens / self._counted if self._counted else self._supposed_tokens
        prompt_tokens = round(each * (calls + calls_estimated))
        ratio = 1.0 if self._ratio is None else self._ratio
        completion_tokens = round(prompt_tokens * ratio)
        latency_s = ASSUMED_LATENCY_S if self._latency_s is None else self._latency_s
        source = "assumed to be as long as the prompts" if self._ratio is None else "as long as the ledger's"
        price = self._teacher.price()
        return Estimate(
            prompt_tokens,
            completion_tokens,
            price.cost_usd(prompt_tokens, completion_tokens) if price else None,
            (calls + calls_estimated) * latency_s / self._teacher.limits.concurrency,
            f"prompts counted by {self._counter.name}; answers {source}{self._supposed}",
        )
