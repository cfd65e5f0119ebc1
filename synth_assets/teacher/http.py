"""The direct way to a chat API: one pooled HTTP client, and of a response only what is needed."""

import asyncio
from collections.abc import Mapping
from types import TracebackType
from typing import Self

import aiohttp

from synth_assets.core.request import Call
from synth_assets.teacher.setback import Setback, of_status
from synth_assets.teacher.transport import Server
from synth_assets.teacher.wire import CHAT_PATH, Answer, Dialect, chat_body, encode, read_answer


class HttpTransport:
    """Speaks to any server with the chat API. No retries, no limits: those are the gateway's."""

    def __init__(self, server: Server, dialect: Dialect) -> None:
        self._server = server
        self._dialect = dialect
        self._url = server.url + CHAT_PATH
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, ttl_dns_cache=60, keepalive_timeout=15),
            headers={"Content-Type": "application/json", "Accept": "application/json", **self._server.headers()},
            timeout=aiohttp.ClientTimeout(total=None),
            cookie_jar=aiohttp.DummyCookieJar(),
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()

    def encode(self, call: Call) -> bytes:
        """The call as the server's dialect spells it."""
        return encode(chat_body(call, self._dialect))

    async def send(self, call: Call, body: bytes) -> tuple[Answer, Mapping[str, str]]:
        """The answer to one attempt, within its time by the clock on the wall."""
        assert self._session is not None
        status, headers, data = 0, _NO_HEADERS, b""
        setback: Setback | None = None
        try:
            async with (
                asyncio.timeout(self._server.timeout_s),
                self._session.post(self._url, data=body, allow_redirects=False) as response,
            ):
                status, headers = response.status, response.headers
                data = await response.read()
        except TimeoutError:
            setback = Setback(
                "passing", "timed out", f"no answer in {self._server.timeout_s:g} s", billed=True, absent=True
            )
        except (aiohttp.ClientError, OSError, ValueError) as error:
            setback = _of_error(error, status)
        if setback is None and status == 200:
            return read_answer(data), headers
        # Raised out here, so that no exception of the client, whose request holds the key, hangs on to it.
        raise self._redacted(setback or of_status(status, headers, data))

    def _redacted(self, setback: Setback) -> Setback:
        setback.detail = self._server.redact(setback.detail)
        return setback


_NO_HEADERS: Mapping[str, str] = {}


def _of_error(error: Exception, status: int) -> Setback:
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return Setback("passing", "the server's name is not known", str(error.os_error), absent=True)
    if isinstance(error, aiohttp.ClientConnectorError):
        return Setback("passing", "no connection", str(error.os_error), absent=True)
    if isinstance(error, aiohttp.InvalidURL | aiohttp.NonHttpUrlClientError):
        return Setback("fatal", "base_url is no address of a server", type(error).__name__)
    detail = f"{type(error).__name__} {'after' if status else 'before'} the headers"
    return Setback("passing", "the connection broke", detail, billed=True, absent=True)
