"""Estimates the requests a second that a server accepts that refuses some and names no limit. Pure."""

import math

from synth_assets.teacher.admission.token_bucket import TokenBucket

_SEARCHING = 1.0  # a second doubles it
_UNSURE = 0.05
_SURE = 0.01
_QUIET_S = 20.0
_LONG_WAIT_S = 0.3
_TELLING = 30
_MANY = 0.6


class RateEstimator:
    """Learns from refusals; before the first there is no rate, and the concurrency limit alone applies.

    A refusal ends a cycle. What passed in it, over its time with the wait that follows, is a rate the server
    stands for certain, and exactly the one it stands if it saves up what is not used while we wait. The pace
    at which it refused is too much. The truth lies between: it is sought there, and where two
    cycles agree on the lower bound, that is it.
    """

    __slots__ = (
        "_bucket",
        "_ends",
        "_gate_s",
        "_grown_at",
        "_growth",
        "_needed",
        "_passed",
        "_rate",
        "_refused",
        "_since",
        "_too_much",
    )

    def __init__(self, now: float) -> None:
        self._bucket: TokenBucket | None = None
        self._growth = _SEARCHING
        self._grown_at = now
        self._since = now
        self._ends: float | None = None
        self._gate_s = 1.0
        self._needed = False
        self._too_much = 0.0
        self._passed = 0
        self._refused = 0
        self._rate = 0.0

    @property
    def rate_per_s(self) -> float | None:
        """The rate, None as long as nothing had to be learned."""
        return None if self._bucket is None else self._bucket.rate_per_s

    def wait_s(self, now: float) -> float:
        """Return the seconds until the next request may be sent."""
        if self._ends is not None and now >= self._ends:
            self._settle(self._ends)
        if self._bucket is None:
            return 0.0
        if now - self._grown_at > 0.1:
            self._grow(self._bucket, now)
        return self._bucket.wait_s(now)

    def on_sent(self, now: float) -> None:
        """Count a request that is sent; it is accepted unless it is refused."""
        self._passed += 1
        if self._bucket is not None:
            self._bucket.take(1, now)

    def on_refusal(self, on_sent: float) -> None:
        """Count a refusal of a request that was sent in this cycle."""
        if on_sent >= self._since:
            self._passed -= 1
            self._refused += 1

    def end_cycle(self, gate_s: float, now: float, *, is_named: bool) -> None:
        """End the cycle: nothing is sent until the gate opens; `is_named` if the server named that time."""
        self._ends, self._gate_s = now + gate_s, gate_s
        self._needed = self._needed or (is_named and gate_s >= _LONG_WAIT_S)

    def _settle(self, ends: float) -> None:
        self._ends = None
        asked = self._passed + self._refused
        if asked >= _TELLING and self._refused >= _MANY * self._passed:
            self._needed = True
        if self._needed:
            rate = max(0, self._passed) / max(ends - self._since, 1e-3)
            self._bucket = TokenBucket(max(0.5 / self._gate_s, self._next_rate(rate)), ends)
            self._rate = rate
            self._grown_at = ends
        if self._needed or asked >= _TELLING:
            self._since = ends
            self._passed = self._refused = 0

    def _next_rate(self, rate: float) -> float:
        if self._bucket is None:
            return rate
        before, refused_before = self._rate, self._too_much
        too_much = self._too_much = self._bucket.rate_per_s
        self._growth = _UNSURE
        if not refused_before:
            return max(rate, 0.9 * too_much)
        if abs(too_much / refused_before - 1) > 0.05 and 0.9 < rate / max(before, 1e-9) < 1.1:
            self._growth = _SURE
            return 0.98 * rate
        return math.sqrt(too_much * min(too_much, max(rate, 0.7 * before, 0.1 * too_much)))

    def _grow(self, bucket: TokenBucket, now: float) -> None:
        growth = max(self._growth, _UNSURE) if now - self._since > _QUIET_S else self._growth
        elapsed_s = max(0.0, now - self._grown_at)
        bucket.set_rate(bucket.rate_per_s * (1 + growth) ** elapsed_s, now)
        self._grown_at = now
