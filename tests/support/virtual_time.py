"""An event loop whose clock jumps to whatever comes next: an hour of traffic passes in a second, always the same."""

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class _Jump(selectors.SelectSelector):
    def __init__(self) -> None:
        super().__init__()
        self.now_s = 0.0

    def select(self, timeout: float | None = None) -> list[Any]:
        assert timeout is not None, "everyone waits for something that never comes"
        self.now_s += timeout
        return []


class _VirtualLoop(asyncio.SelectorEventLoop):
    def __init__(self, clock: _Jump) -> None:
        self._clock = clock
        super().__init__(clock)

    def time(self) -> float:
        return self._clock.now_s


def run_virtually(main: Coroutine[Any, Any, T]) -> T:
    """Runs without waiting; nothing in it may use the network or a thread."""
    loop = _VirtualLoop(_Jump())
    try:
        return loop.run_until_complete(main)
    finally:
        loop.close()
