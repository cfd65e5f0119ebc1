"""The interface of whoever answers: one call in, one answer or one call error out."""

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
"""The number of a key's characters that are no secret: they say whose it is."""


class Transport(Protocol):
    """Sends one call to the teacher and returns its answer. Raises CallError and nothing else."""

    async def __aenter__(self) -> Self: ...

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def encode(self, call: Call) -> bytes:
        """Return the body that is sent, encoded once for all attempts."""

    async def send(self, call: Call, body: bytes) -> tuple[Completion, Mapping[str, str]]:
        """Return the answer to one attempt, and the headers of the response."""


class LocalTransport:
    """Answers in this process: nothing is opened, encoded or closed unless a subclass does."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    def encode(self, call: Call) -> bytes:
        """Return nothing, as nothing is sent."""
        return b""


@dataclass(frozen=True, slots=True)
class Server:
    """Where requests go, and with which key, which is never shown."""

    url: str
    key: str | None = field(repr=False, default=None)
    timeout_s: float = 120.0
    timing: Timing = field(compare=False, default=DEFAULT_TIMING)

    def headers(self) -> dict[str, str]:
        """Return the headers of each request."""
        return {"Authorization": f"Bearer {self.key}"} if self.key else {}

    def proxy(self) -> str | None:
        """Return the proxy that the machine's settings (HTTPS_PROXY, NO_PROXY …) put before this server."""
        parts = urlsplit(self.url)
        if is_loopback(self.url) or proxy_bypass(parts.hostname or ""):
            return None
        return getproxies().get(parts.scheme)

    def redact(self, text: str) -> str:
        """Remove the key, which some servers repeat, from a text; also its start at the end of a text that was cut."""
        if not self.key:
            return text
        text = text.replace(self.key, "***")
        shown = (length for length in range(len(self.key) - 1, _HARMLESS, -1) if text.endswith(self.key[:length]))
        return f"{text[:-length]}***" if (length := next(shown, 0)) else text


def is_loopback(url: str) -> bool:
    """Return whether a server is on this machine."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
