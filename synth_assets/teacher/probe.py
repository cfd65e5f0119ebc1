"""Checks that a teacher's server is reachable and accepts the key, by asking for its models, which is free."""

from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import urlsplit

REFUSED = (401, 403)


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """The server's answer; `status` is None where it could not be reached, and `fault` says why."""

    status: int | None
    fault: str = ""

    @property
    def refuses_key(self) -> bool:
        """Whether the key was not accepted."""
        return self.status in REFUSED


def probe_server(base_url: str, key: str | None, timeout_s: float = 5.0) -> ProbeResult:
    """Ask once. A redirection is not followed: the key goes to no other server."""
    parts = urlsplit(base_url)
    kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    try:
        connection = kind(parts.hostname or "", parts.port, timeout=timeout_s)
        try:
            connection.request("GET", f"{parts.path.rstrip('/').removesuffix('/v1')}/v1/models", headers=headers)
            return ProbeResult(connection.getresponse().status)
        finally:
            connection.close()
    except (OSError, HTTPException, ValueError) as error:
        return ProbeResult(None, str(error) or type(error).__name__)
