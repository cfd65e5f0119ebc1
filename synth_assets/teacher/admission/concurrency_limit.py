"""Limits requests in flight: slow start, careful growth, a cut when the server refuses. Pure."""

_START = 8
_BLIND_LIMIT = 64
_BLIND_DOUBLING_S = 0.05
_CUT = 0.8
_TIMEOUT_CUT = 0.5
_RECOVERED = 0.9
_PROBE_AFTER_S = 10.0


class ConcurrencyLimit:
    """The number that may be in flight, up to a ceiling.

    It starts at 8 and doubles with each round trip, or each 50 ms up to 64, whichever is sooner, never both: a
    short burst finds out a strict server, a slow server is not waited for. After a cut it comes back quickly
    to nine tenths of where it was cut, and then probes by one a second.
    """

    __slots__ = ("_ceiling", "_cut_at", "_doubled_at", "_doubled_from", "_peak", "_slow_start", "limit", "rtt_s")

    def __init__(self, ceiling: int, now: float) -> None:
        self._ceiling = float(ceiling)
        self.limit = min(self._ceiling, _START)
        self.rtt_s = 0.0
        self._slow_start = True
        self._doubled_at = now
        self._doubled_from = self.limit
        self._peak = 0.0
        self._cut_at = now

    def wait_s(self, in_flight: int, now: float) -> float | None:
        """0 if one more may go; else seconds until that may change by itself, None if only a reply does it."""
        if in_flight < int(self.limit):
            return 0.0
        if not self._slow_start or self.limit >= min(_BLIND_LIMIT, self._ceiling):
            return None
        due_s = self._doubled_at + _BLIND_DOUBLING_S - now
        if due_s > 0:
            return due_s
        self._doubled_at = now
        self.limit = self._doubled_from = max(self.limit, min(self._doubled_from * 2, _BLIND_LIMIT, self._ceiling))
        return 0.0 if in_flight < int(self.limit) else _BLIND_DOUBLING_S

    def on_reply(self, in_flight: int, latency_s: float, now: float, *, is_rate_limited: bool) -> None:
        """Grow after a reply, if the limit was in use; quickly where a rate limits as well."""
        self.rtt_s = latency_s if not self.rtt_s else 0.9 * self.rtt_s + 0.1 * latency_s
        if in_flight + 1 >= self.limit / 2 and self.limit < self._ceiling:
            self.limit = min(self._ceiling, self.limit + (1.0 if is_rate_limited else self._growth(now)))

    def on_refusal(self, in_flight: int, sent: float, now: float) -> bool:
        """Cut after a refusal; return whether the request was sent after the last cut, so that it counts."""
        return self._cut(_CUT, in_flight, sent, now)

    def on_timeout(self, in_flight: int, sent: float, now: float) -> None:
        """Cut after a request that got no answer in time."""
        self._cut(_TIMEOUT_CUT, in_flight, sent, now)

    def _growth(self, now: float) -> float:
        if self._slow_start:
            return 1.0
        if self.limit < _RECOVERED * self._peak:
            return 4 / self.limit
        each_s = self.rtt_s if now - self._cut_at > _PROBE_AFTER_S else max(self.rtt_s, 1.0)
        return self.rtt_s / each_s / self.limit if each_s else 0.0

    def _cut(self, factor: float, in_flight: int, sent: float, now: float) -> bool:
        if sent < self._cut_at:
            return False
        self._slow_start = False
        self._peak = min(self.limit, float(in_flight))
        self.limit = max(1.0, self._peak * factor)
        self._cut_at = now
        return True
