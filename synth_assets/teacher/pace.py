"""How many requests a second a server stands that refuses some and does not say how many it takes. Pure."""

from synth_assets.teacher.limiter import Bucket

_SEARCHING_GROWTH = 1.0  # doubles in a second
_SETTLED_GROWTH = 0.01
_AT_THE_EDGE_GROWTH = 0.001
_EDGE = 0.97
_CROWD = 8


class Pace:
    """Learns from refusals; without one there is no pace, and the window alone limits.

    A refusal ends a cycle. What passed in it, over its time with the wait that follows, is the rate of a
    server that saves up what is not used meanwhile; if two cycles agree, that is it. Of a server that
    saves nothing the refused pace itself is the best sign. If refusals come whenever the same crowd is
    in flight, whatever the rate, then it is the crowd that is limited, and the pace is given up.
    """

    __slots__ = ("_bucket", "_crowd", "_edge", "_grown_at", "_passed", "_rate", "_settled", "_since")

    def __init__(self, now: float) -> None:
        self._bucket: Bucket | None = None
        self._since = now
        self._grown_at = now
        self._passed = 0
        self._rate: float | None = None
        self._crowd: float | None = None
        self._edge = 0.0
        self._settled = False

    @property
    def rate_per_s(self) -> float | None:
        """The pace, None as long as nothing had to be learned."""
        return None if self._bucket is None else self._bucket.rate_per_s

    def wait_s(self, now: float) -> float:
        """Seconds until the next request may go."""
        if self._bucket is None:
            return 0.0
        if now - self._grown_at > 0.1:
            self._grow(self._bucket, now)
        return self._bucket.wait_s(now)

    def sent(self, now: float) -> None:
        """A request goes."""
        if self._bucket is not None:
            self._bucket.take(1, now)

    def answered(self) -> None:
        """A request passed."""
        self._passed += 1

    def refused(self, crowd: int, gate_until: float, now: float) -> None:
        """A request was refused with so many in flight, and nothing goes until the gate opens."""
        rate = self._passed / max(gate_until - self._since, 1e-3)
        agrees = self._rate is not None and 0.85 < rate / self._rate < 1.18
        crowded = self._crowd is not None and crowd >= _CROWD and 0.75 < crowd / self._crowd < 1.33
        if crowded and (self._bucket is None or not agrees):
            self._bucket = None
        elif self._passed:
            self._settle(rate, agrees, gate_until)
        elif self._bucket is not None:
            self._bucket.set_rate(self._bucket.rate_per_s / 2, gate_until)
        self._rate, self._crowd = rate or None, crowd
        self._since, self._passed, self._grown_at = gate_until, 0, gate_until

    def _settle(self, rate: float, agrees: bool, gate_until: float) -> None:
        if self._bucket is None:
            self._settled, self._edge = False, 0.0
            next_rate = rate
        elif agrees:
            self._settled, self._edge = True, rate
            next_rate = 0.98 * rate
        else:
            self._settled, self._edge = True, self._bucket.rate_per_s
            next_rate = max(rate, 0.9 * self._bucket.rate_per_s)
        self._bucket = Bucket(next_rate, gate_until)

    def _grow(self, bucket: Bucket, now: float) -> None:
        growth = _SEARCHING_GROWTH
        if self._settled:
            growth = _SETTLED_GROWTH if bucket.rate_per_s < _EDGE * self._edge else _AT_THE_EDGE_GROWTH
        elapsed_s = max(0.0, now - self._grown_at)
        bucket.set_rate(bucket.rate_per_s * (1 + growth) ** elapsed_s, now)
        self._grown_at = now
