"""Rates: a bucket that may go into debt, and what a server says about its limits in its headers."""

from collections.abc import Mapping

BURST_S = 0.05
_PER_MINUTE = {
    "requests": ("x-ratelimit-limit-req-minute", "x-ratelimit-limit-requests"),
    "tokens": ("x-ratelimit-limit-tokens-minute", "x-ratelimit-limit-tokens"),
}


class TokenBucket:
    """Lets `rate_per_s` units pass, in bursts of 50 ms at most.

    What is taken is taken at once, even if it is more than there is; whoever comes next waits until the debt
    is paid. So a prompt larger than the bucket passes, and a wrong estimate is settled afterwards.
    """

    __slots__ = ("_filled_at", "_level", "rate_per_s")

    def __init__(self, rate_per_s: float, now: float) -> None:
        self.rate_per_s = rate_per_s
        self._level = 0.0
        self._filled_at = now

    def set_rate(self, rate_per_s: float, now: float) -> None:
        """Goes on at another rate."""
        self._fill(now)
        self.rate_per_s = rate_per_s
        self._level = min(self._level, self._depth())

    def take(self, units: float, now: float) -> None:
        """Takes units, or gives some back (negative)."""
        self._fill(now)
        self._level -= units

    def wait_s(self, now: float) -> float:
        """Return seconds until something may pass; 0 if it may now."""
        self._fill(now)
        return 0.0 if self._level > -1e-6 else -self._level / self.rate_per_s

    def _depth(self) -> float:
        return max(0.0, self.rate_per_s * BURST_S - 1)

    def _fill(self, now: float) -> None:
        self._level = min(self._depth(), self._level + (now - self._filled_at) * self.rate_per_s)
        self._filled_at = now


def per_minute(headers: Mapping[str, str], what: str) -> float | None:
    """Return the limit a minute that a server names in its headers, for "requests" or "tokens"."""
    for name in _PER_MINUTE[what]:
        try:
            limit = float(headers[name])
        except (KeyError, ValueError):
            continue
        if limit > 0:
            return limit
    return None
