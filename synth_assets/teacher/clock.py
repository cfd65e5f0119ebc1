"""The time of day, by a clock that never jumps."""

import time
from typing import Final

# It goes on while the machine sleeps, where there is such a clock (Linux).
_STEADY: Final = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


class SteadyClock:
    """Set once by the clock on the wall: set forward or back in mid-run, that one would put replies out of order."""

    __slots__ = ("_zero",)

    def __init__(self) -> None:
        self._zero = time.time() - time.clock_gettime(_STEADY)

    def now(self) -> float:
        """Seconds since 1970."""
        return self._zero + time.clock_gettime(_STEADY)
