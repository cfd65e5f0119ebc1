"""The one way the gateway sees whoever answers: one call in, one answer or one setback out."""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Protocol, Self
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from synth_assets.core.request import Call
from synth_assets.settings import DEFAULT_TIMING, Timing
from synth_assets.teacher.wire import Completion

_HARMLESS = 4
"""So many characters of a key are no secret: they say whose it is."""


class Transport(Protocol):
    """Brings one call to the teacher and its answer back. Raises Setback, and nothing else."""

    async def __aenter__(self) -> Self: ...

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def encode(self, call: Call) -> bytes:
        """The call as it is sent; once, however often it is."""

    async def send(self, call: Call, body: bytes) -> tuple[Completion, Mapping[str, str]]:
        """The answer to one attempt, and the headers it came with."""


@dataclass(frozen=True, slots=True)
class Server:
    """Where requests go, and with which key; the key shows nowhere."""

    url: str
    key: str | None = field(repr=False, default=None)
    timeout_s: float = 120.0
    timing: Timing = field(compare=False, default=DEFAULT_TIMING)

    def headers(self) -> dict[str, str]:
        """What each request carries."""
        return {"Authorization": f"Bearer {self.key}"} if self.key else {}

    def proxy(self) -> str | None:
        """The proxy that the machine's settings (HTTPS_PROXY, NO_PROXY …) put before this server."""
        parts = urlsplit(self.url)
        if is_loopback(self.url) or proxy_bypass(parts.hostname or ""):
            return None
        return getproxies().get(parts.scheme)

    def redact(self, text: str) -> str:
        """The text without the key, which some servers repeat; nor its start, where the text was cut in the middle."""
        if not self.key:
            return text
        text = text.replace(self.key, "***")
        shown = (length for length in range(len(self.key) - 1, _HARMLESS, -1) if text.endswith(self.key[:length]))
        return f"{text[:-length]}***" if (length := next(shown, 0)) else text


def is_loopback(url: str) -> bool:
    """Whether a server is on this machine."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
