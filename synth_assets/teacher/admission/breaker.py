"""Decides when to give up on a teacher that answers nobody any more. Pure."""

from synth_assets.settings import DEFAULT_TIMING
from synth_assets.teacher.call_error import CallError

LONGEST_WAIT_S = 300.0
_FEWEST = 8
_ROWS_REFUSED = 5


class Breaker:
    """Counts failures since the last reply, whoever asked.

    A server that restarts comes back within its patience. Refusals (429) come from a server at work: they are
    borne longer.
    """

    __slots__ = ("_failures", "_first_at", "_patience_s", "_refused_at", "answered_at")

    def __init__(self, patience_s: float = DEFAULT_TIMING.patience_s) -> None:
        self._patience_s = patience_s
        self.answered_at: float | None = None
        self._first_at: float | None = None
        self._refused_at: float | None = None
        self._failures = 0

    def on_reply(self, now: float) -> None:
        """Forget all failures: a reply came."""
        self.answered_at = now
        self._first_at = self._refused_at = None
        self._failures = 0

    @property
    def is_silent(self) -> bool:
        """Whether many attempts failed and none got a reply since."""
        return self._failures >= _FEWEST

    def reason_to_stop(self, error: CallError, active: int, started: float, now: float) -> str | None:
        """Return why no call can be answered any more, None to go on. `started` is when the attempt was sent."""
        if error.kind == "fatal":
            return error.reason
        if (error.retry_after_s or 0.0) > LONGEST_WAIT_S:
            return f"it asks to wait for {error.retry_after_s:.0f} s"
        if error.kind == "rate_limited":
            return self._after_refusal(now)
        self._failures += 1
        if self._first_at is None:
            self._first_at = max(started, self.answered_at or started)
        silent_s = now - self._first_at
        enough = _FEWEST if silent_s >= 3 * self._patience_s else max(_FEWEST, 2 * active)
        if self._failures >= enough and silent_s >= self._patience_s:
            return f"no answer for {silent_s:.0f} s: {error.reason}"
        return None

    def _after_refusal(self, now: float) -> str | None:
        self._refused_at = now if self._refused_at is None else self._refused_at
        if now - self._refused_at > LONGEST_WAIT_S:
            return f"it has refused every request for {now - self._refused_at:.0f} s"
        return None


class RejectionCounter:
    """Counts requests that the teacher rejects: they end a run only if none was ever accepted."""

    __slots__ = ("_has_reply", "_rejections")

    def __init__(self) -> None:
        self._rejections = 0
        self._has_reply = False

    def on_reply(self) -> None:
        """Note that a request was accepted."""
        self._has_reply = True

    def on_rejection(self, error: CallError) -> str | None:
        """Note a rejected request; return why all are rejected, None to go on."""
        self._rejections += 1
        if self._has_reply or self._rejections < _ROWS_REFUSED:
            return None
        return f"it turns every request away: {error.reason}"
