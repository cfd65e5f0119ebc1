"""Servers that allow so much and no more, in virtual time, with a queue of calls before them."""

import asyncio
import random
from dataclasses import dataclass

from synth_assets.core.teacher_spec import Limits
from synth_assets.teacher.admission.request_queue import open_queue
from synth_assets.teacher.call_error import CallError


@dataclass
class Allowance:
    """What a server allows: calls a second (saved up for so long), calls at once; and how it behaves."""

    rate_per_s: float | None = None
    saved_s: float = 1.0
    at_once: int | None = None
    latency_s: float = 0.05
    retry_after_s: float | None = None
    moody: float = 0.0


@dataclass
class Outcome:
    took_s: float
    refused: int
    most_at_once: int


class StrictServer:
    def __init__(self, allowance: Allowance) -> None:
        self.allowance = allowance
        self.refused = self.at_once = self.most_at_once = 0
        self._saved = max(1.0, (allowance.rate_per_s or 0) * allowance.saved_s)
        self._at = 0.0
        self._dice = random.Random(7)

    async def answer(self) -> float:
        loop, allowance = asyncio.get_running_loop(), self.allowance
        started = loop.time()
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            if not self._allows(started):
                await asyncio.sleep(0.001)
                self.refused += 1
                error = CallError("rate_limited", "rate limited (429)")
                error.retry_after_s = allowance.retry_after_s
                raise error
            await asyncio.sleep(allowance.latency_s * self._dice.uniform(0.9, 1.1))
        finally:
            self.at_once -= 1
        return loop.time() - started

    def _allows(self, now: float) -> bool:
        allowance = self.allowance
        if self._dice.random() < allowance.moody:
            return False
        if allowance.at_once is not None and self.at_once > allowance.at_once:
            return False
        if allowance.rate_per_s is None:
            return True
        most = max(1.0, allowance.rate_per_s * allowance.saved_s)
        self._saved = min(most, self._saved + (now - self._at) * allowance.rate_per_s)
        self._at = now
        if self._saved < 1 - 1e-9:
            return False
        self._saved -= 1
        return True


async def work_off(calls: int, allowance: Allowance, limits: Limits) -> Outcome:
    """How a queue of calls fares before that server."""
    server, queue = StrictServer(allowance), open_queue(limits, "here")
    left = iter(range(calls))
    loop = asyncio.get_running_loop()
    started = loop.time()

    async def worker() -> None:
        for _ in left:
            again = False
            while True:
                await queue.acquire(100, is_retry=again)
                sent, again = loop.time(), True
                try:
                    queue.record_reply(await server.answer(), 0, {})
                    break
                except CallError as error:
                    queue.record_failure(error, sent)
                finally:
                    queue.release()

    await asyncio.gather(*(worker() for _ in range(2 * limits.concurrency)))
    queue.close()
    return Outcome(loop.time() - started, server.refused, server.most_at_once)
