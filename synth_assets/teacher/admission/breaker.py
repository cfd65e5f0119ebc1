"""When to give up: the teacher answers nobody any more. Pure."""

from synth_assets.teacher.call_error import CallError

PATIENCE_S = 10.0
LONGEST_WAIT_S = 300.0
_FEWEST = 8
_ROWS_REFUSED = 5


class Breaker:
    """Counts what went wrong since the last answer, whoever asked.

    A server that restarts comes back within the patience. Refusals (429) are a server at work: they are
    borne longer.
    """

    __slots__ = ("_first_at", "_passing", "_refused_at", "answered_at")

    def __init__(self) -> None:
        self.answered_at: float | None = None
        self._first_at: float | None = None
        self._refused_at: float | None = None
        self._passing = 0

    def answered(self, now: float) -> None:
        """All is well."""
        self.answered_at = now
        self._first_at = self._refused_at = None
        self._passing = 0

    @property
    def gone_quiet(self) -> bool:
        """Whether many attempts failed and none was answered since."""
        return self._passing >= _FEWEST

    def verdict(self, setback: CallError, active: int, started: float, now: float) -> str | None:
        """Why no call can be answered any more; None to go on. `started` is when the attempt was sent."""
        if setback.kind == "fatal":
            return setback.reason
        if (setback.retry_after_s or 0.0) > LONGEST_WAIT_S:
            return f"it asks to wait for {setback.retry_after_s:.0f} s"
        if setback.kind == "refused":
            return self._after_refusal(now)
        self._passing += 1
        if self._first_at is None:
            self._first_at = max(started, self.answered_at or started)
        silent_s = now - self._first_at
        enough = _FEWEST if silent_s >= 3 * PATIENCE_S else max(_FEWEST, 2 * active)
        if self._passing >= enough and silent_s >= PATIENCE_S:
            return f"no answer for {silent_s:.0f} s: {setback.reason}"
        return None

    def _after_refusal(self, now: float) -> str | None:
        self._refused_at = now if self._refused_at is None else self._refused_at
        if now - self._refused_at > LONGEST_WAIT_S:
            return f"it has refused every request for {now - self._refused_at:.0f} s"
        return None


class RejectionCounter:
    """Whether the teacher takes any request of a stage at all: bad ones end a run only if none was ever good."""

    __slots__ = ("_turned_away", "_was_answered")

    def __init__(self) -> None:
        self._turned_away = 0
        self._was_answered = False

    def answered(self) -> None:
        """It does."""
        self._was_answered = True

    def turned_away(self, setback: CallError) -> str | None:
        """A request was no good; why none is, or None to go on."""
        self._turned_away += 1
        if self._was_answered or self._turned_away < _ROWS_REFUSED:
            return None
        return f"it turns every request away: {setback.reason}"
