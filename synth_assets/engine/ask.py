"""Runs an Ask stage: rows stream through the ledger and the teacher, and come out in the order they went in."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from dataclasses import dataclass, field

from synth_assets.core.errors import BudgetError, TeacherError
from synth_assets.core.request import Call, Outcome, Reply, Target
from synth_assets.core.stage import Row
from synth_assets.engine import row_conversation as conversations
from synth_assets.engine.job import MadeRow, RejectedRow, Tally
from synth_assets.engine.ledger.session import LedgerSession
from synth_assets.engine.row_conversation import AnyAsk, RowConversation
from synth_assets.teacher import Gateway

LOOKUP_ROWS = 500
Outcomes = list[MadeRow | RejectedRow]


def replay_ledger(
    stage: AnyAsk, target: Target, rows: Iterable[Row], find: Callable[[set[str]], dict[str, Reply]]
) -> tuple[list[RowConversation], int]:
    """Return the conversations of some rows, advanced as far as the ledger knows; and the number of hits."""
    batch = [conversations.open_conversation(stage, target, row) for row in rows]
    hits = 0
    while True:
        wanted = {exchange.call.key for conversation in batch for exchange in conversation.open_exchanges}
        used = conversations.advance_known(stage, batch, find(wanted)) if wanted else 0
        hits += used
        if not used:
            return batch, hits


@dataclass
class AskRun:
    """One run of an Ask stage. At most `window` rows are under way at once."""

    stage: AnyAsk
    target: Target
    gateway: Gateway
    session: LedgerSession
    tally: Tally
    window: int
    _inflight: dict[str, asyncio.Future[Outcome]] = field(default_factory=dict)

    async def outcomes(self, batches: Iterator[list[Row]]) -> AsyncIterator[Outcomes]:
        """For each row what it made, in order. A stop of the whole run is raised, what was answered is kept."""
        waiting: deque[Outcomes | asyncio.Task[Outcomes]] = deque()
        try:
            for batch in batches:
                await asyncio.sleep(0)  # lets every new row register its calls before the ledger is read again
                opened, hits = await asyncio.to_thread(replay_ledger, self.stage, self.target, batch, self.session.find)
                self.tally.hits += hits
                self.tally.input_rows += len(batch)
                waiting.extend(self._begin(conversation) for conversation in opened)
                while len(waiting) > self.window or (waiting and _is_ready(waiting[0])):
                    yield await _result(waiting.popleft())
            while waiting:
                yield await _result(waiting.popleft())
        except (BudgetError, TeacherError):
            await _let_finish(waiting)
            raise
        finally:
            await _cancel(waiting)

    def _begin(self, conversation: RowConversation) -> Outcomes | asyncio.Task[Outcomes]:
        if conversation.open_exchanges:
            return asyncio.create_task(self._finish(conversation))
        return conversations.collect_rows(self.stage, conversation)

    async def _finish(self, conversation: RowConversation) -> Outcomes:
        first, *others = (self._follow(conversation.row, exchange) for exchange in conversation.open_exchanges)
        await (asyncio.gather(first, *others) if others else first)
        return conversations.collect_rows(self.stage, conversation)

    async def _follow(self, row: Row, exchange: conversations.Exchange) -> None:
        while exchange.end is None:
            conversations.advance(self.stage, row, exchange, await self._ask(exchange.call))

    async def _ask(self, call: Call) -> Outcome:
        """Return one answer, bought once: a call that is in flight, or was answered a moment ago, is shared."""
        if (recent := self.session.recent(call.key)) is not None:
            self.tally.hits += 1
            return recent
        if (under_way := self._inflight.get(call.key)) is not None:
            self.tally.hits += 1
            return await asyncio.shield(under_way)
        answered = self._inflight[call.key] = asyncio.get_running_loop().create_future()
        try:
            outcome = await self._buy(call)
        except BaseException as error:
            answered.set_exception(error)
            answered.exception()  # nobody else may have waited for it
            raise
        finally:
            del self._inflight[call.key]
        answered.set_result(outcome)
        return outcome

    async def _buy(self, call: Call) -> Outcome:
        outcome = await self.gateway.ask(call)
        tally = self.tally
        if isinstance(outcome, Reply):
            tally.calls += 1
            tally.prompt_tokens += outcome.prompt_tokens
            tally.completion_tokens += outcome.completion_tokens
            tally.pay(outcome.cost_usd)
        return outcome


def _is_ready(item: Outcomes | asyncio.Task[Outcomes]) -> bool:
    return item.done() if isinstance(item, asyncio.Task) else True


async def _result(item: Outcomes | asyncio.Task[Outcomes]) -> Outcomes:
    return await item if isinstance(item, asyncio.Task) else item


async def _let_finish(waiting: deque[Outcomes | asyncio.Task[Outcomes]]) -> None:
    await asyncio.gather(*(item for item in waiting if isinstance(item, asyncio.Task)), return_exceptions=True)


async def _cancel(waiting: deque[Outcomes | asyncio.Task[Outcomes]]) -> None:
    for item in waiting:
        if isinstance(item, asyncio.Task):
            item.cancel()
    await _let_finish(waiting)
