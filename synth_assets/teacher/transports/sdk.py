"""Asks Mistral through its SDK: slower, and the reference for what the HTTP transport sends and reads."""

import asyncio
import json
import logging
import ssl
from collections.abc import Awaitable, Callable, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Self, TypeVar

from synth_assets.core.request import Call
from synth_assets.teacher.call_error import CallError, error_from_status, excerpt
from synth_assets.teacher.transports.transport import Server
from synth_assets.teacher.wire import Completion, chat_body, encode, parse_completion, read_completion

if TYPE_CHECKING:
    import httpx2
    from mistralai.client import Mistral

T = TypeVar("T")
_Body = TypeVar("_Body")
_SILENT = logging.Logger("mistralai", level=logging.CRITICAL + 1)
"""The SDK's own logger prints the key when MISTRAL_DEBUG is set."""


class SdkTransport:
    """Asks through `mistralai`, without its retries; what it raises is read by status, not by class."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._sdk: Mistral | None = None
        self._client: httpx2.AsyncClient | None = None
        self._headers: Mapping[str, str] = {}

    async def __aenter__(self) -> Self:
        self._sdk, self._client = open_sdk(self._server)
        self._client.event_hooks["response"].append(self._see)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._client is not None:
            await self._client.aclose()

    def encode(self, call: Call) -> bytes:
        """Return the body that Mistral wants."""
        return encode(chat_body(call, "mistral"))

    async def send(self, call: Call, body: bytes) -> tuple[Completion, Mapping[str, str]]:
        """Return the answer to one attempt, within its wall-clock time."""
        import httpx2

        assert self._sdk is not None
        timeout_s = self._server.timeout_s
        asking = self._sdk.chat.complete_async(**json.loads(body), timeout_ms=int(timeout_s * 2000))
        text = await outcome_of(asking, timeout_s)
        if isinstance(text, httpx2.Response):
            outcome = _read(text)
        elif isinstance(text, CallError):
            outcome = text
        else:
            outcome = _attempt(parse_completion, text.model_dump(mode="json", by_alias=True))
        if isinstance(outcome, CallError):
            # Raised here: the exceptions of the client hold the request, and that holds the key.
            outcome.detail = self._server.redact(outcome.detail)
            raise outcome
        return outcome, self._headers

    async def _see(self, response: "httpx2.Response") -> None:
        """Keep the headers, which the SDK hides; the limits in them are the same in every response."""
        self._headers = response.headers


def open_sdk(server: Server) -> "tuple[Mistral, httpx2.AsyncClient]":
    """Return the SDK for a server, and the HTTP client under it, which the caller closes."""
    import httpx2
    from mistralai.client import Mistral

    # A connection for each call: on one used again, httpx2 takes a response that a server sends twice
    # for the answer to the next call.
    limits = httpx2.Limits(max_connections=None, max_keepalive_connections=0)
    client = httpx2.AsyncClient(
        limits=limits,
        follow_redirects=False,
        proxy=server.proxy(),
        trust_env=False,
        verify=ssl.create_default_context(),
    )
    # Some key, not None: with None the SDK sends MISTRAL_API_KEY to whatever server this is.
    if server.key is None:
        client.event_hooks["request"].append(_without_key)
    key = server.key or "none"
    return Mistral(api_key=key, server_url=server.url, async_client=client, debug_logger=_SILENT), client


async def _without_key(request: "httpx2.Request") -> None:
    del request.headers["Authorization"]


async def outcome_of(asking: Awaitable[T], timeout_s: float) -> "T | CallError | httpx2.Response":
    """Return what the SDK returns, or the call error or rejected response in place of what it raises."""
    import httpx2
    from mistralai.client.errors import MistralError

    try:
        async with asyncio.timeout(timeout_s):
            return await asking
    except TimeoutError:
        return CallError("transient", "timed out", f"no answer in {timeout_s:g} s", billed=True, absent=True)
    except MistralError as error:
        return error.raw_response
    except (httpx2.RequestError, httpx2.InvalidURL, OSError) as error:
        return _of_error(error)


def wrong_shape(response: "httpx2.Response") -> CallError:
    """Return the call error for a response that the SDK does not expect."""
    if response.status_code == 200:
        return CallError("transient", "the response has the wrong shape", excerpt(response.content))
    return error_from_status(response.status_code, response.headers, response.content)


def _read(response: "httpx2.Response") -> Completion | CallError:
    """Read a response that the SDK rejected: it requires more of it than is needed here."""
    if response.status_code == 200:
        return _attempt(read_completion, response.content)
    return wrong_shape(response)


def _attempt(read: Callable[[_Body], Completion], body: _Body) -> Completion | CallError:
    try:
        return read(body)
    except CallError as error:
        return error


def _of_error(error: Exception) -> CallError:
    import httpx2

    if isinstance(error, httpx2.ConnectError):
        unknown = "Name or service" in str(error) or "getaddrinfo" in str(error) or "resolution" in str(error)
        reason = "the server's name is not known" if unknown else "no connection"
        return CallError("transient", reason, str(error), absent=True)
    if isinstance(error, httpx2.UnsupportedProtocol | httpx2.InvalidURL):
        return CallError("fatal", "base_url is no address of a server", type(error).__name__)
    return CallError("transient", "the connection broke", type(error).__name__, billed=True, absent=True)
