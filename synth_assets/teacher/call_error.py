"""Why an attempt got no answer, and what that means for the call, the run and the bill."""

from collections.abc import Mapping
from typing import Literal

Kind = Literal["rate_limited", "transient", "request", "fatal"]

_FATAL = {
    401: "the key was not accepted",
    402: "the account may not spend more",
    403: "the key may not use this model or server",
    404: "the model or the address is not known there",
}
_HEALS = frozenset({408, 409, 425, *range(500, 600)} - {501, 505})
_NOBODY_THERE = frozenset({502, 503, 504})
_SHOWN = 300


class CallError(Exception):
    """One attempt without an answer.

    `rate_limited` is 429: wait and ask again. `transient` may heal. `request` is about this one call and `fatal`
    about all of them: neither is asked again.
    """

    def __init__(
        self, kind: Kind, reason: str, detail: str = "", *, billed: bool = False, absent: bool = False
    ) -> None:
        super().__init__(reason)
        self.kind = kind
        self.reason = reason
        self.detail = detail
        self.billed = billed
        """Whether the server may have made the answer that did not arrive, and charged for it."""
        self.absent = absent
        """Whether nobody was there to answer: that is hardly the fault of this one call."""
        self.retry_after_s: float | None = None


def error_from_status(status: int, headers: Mapping[str, str], body: bytes) -> CallError:
    """Return what a response that is no 200 means."""
    error = _named(status, headers, excerpt(body))
    error.retry_after_s = _retry_after_s(headers)
    return error


def _named(status: int, headers: Mapping[str, str], excerpt_text: str) -> CallError:
    if status == 429:
        return CallError("rate_limited", "rate limited (429)", excerpt_text)
    if status in _FATAL:
        return CallError("fatal", f"{_FATAL[status]} ({status})", excerpt_text)
    if 300 <= status < 400:
        return CallError("fatal", f"the address redirects elsewhere ({status})", headers.get("location", excerpt_text))
    if status in _HEALS:
        return CallError("transient", f"server error ({status})", excerpt_text, absent=status in _NOBODY_THERE)
    return CallError("request", f"refused ({status})", excerpt_text)


def excerpt(body: bytes) -> str:
    """Return the start of a body, as one line."""
    return " ".join(body[: _SHOWN * 4].decode("utf-8", "replace").split())[:_SHOWN]


def _retry_after_s(headers: Mapping[str, str]) -> float | None:
    """Return seconds, as `Retry-After` or `retry-after-ms` give them; a date is left alone: clocks differ."""
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        try:
            return max(0.0, float(headers[name]) * unit)
        except (KeyError, ValueError):
            continue
    return None
