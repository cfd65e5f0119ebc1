"""Tokens, money and time of calls that are not made yet; output lengths and latencies come from the ledger."""

from dataclasses import dataclass

from synth_assets.core.request import Call
from synth_assets.engine.job import Job
from synth_assets.engine.ops import CALLS
from synth_assets.lake import Lake
from synth_assets.teacher import Teacher
from synth_assets.teacher.tokens import by_length

ASSUMED_LATENCY_S = 2.0


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
        self._prompt_tokens = 0
        self._tokenizer = ""
        rows = lake.rows(
            "SELECT avg(completion_tokens / greatest(prompt_tokens, 1))::DOUBLE AS ratio, avg(latency_s) AS latency_s"
            f" FROM {CALLS} WHERE recipe = ? AND stage = ? AND endpoint = ? AND model = ?",
            (job.recipe.name, job.stage, teacher.target.endpoint, teacher.target.model),
        )
        self._ratio, self._latency_s = rows[0]["ratio"], rows[0]["latency_s"]

    def add(self, calls: list[Call]) -> None:
        """Counts the prompts of some calls."""
        texts = [message.content for call in calls for message in call.request.messages]
        self._prompt_tokens += sum(by_length(text) for text in texts)
        self._tokenizer = "length"

    def total(self, calls: int, calls_estimated: int) -> Estimate:
        """What those calls would take; calls about rows not known yet are taken to be like the others."""
        if not calls + calls_estimated:
            return Estimate()
        each = self._prompt_tokens / calls if calls else 0.0
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
            f"prompts counted by {self._tokenizer or 'nothing yet'}; answers {source}",
        )
