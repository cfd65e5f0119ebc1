"""The direct way to a chat API: one pooled HTTP client, and of a response only what is needed."""

import asyncio
from collections.abc import Mapping
from types import TracebackType
from typing import Self

import aiohttp
from aiohttp.connector import Connection

from synth_assets.core.request import Call
from synth_assets.teacher.drift import DriftWatch
from synth_assets.teacher.echo import Echoes
from synth_assets.teacher.setback import Setback, of_status
from synth_assets.teacher.transport import Server
from synth_assets.teacher.wire import CHAT_PATH, Answer, Dialect, chat_body, encode, read_answer


class _Stale(aiohttp.ClientConnectionError):
    """More came on this connection than was asked for; nothing was sent."""


class _Response(aiohttp.ClientResponse):
    """A response that knows where it came in, even when the connection is back in the pool."""

    came_in: asyncio.Transport | None = None


class _Request(aiohttp.ClientRequest):
    """Never takes what is left over from an earlier request for the answer to this one."""

    async def send(self, conn: Connection) -> aiohttp.ClientResponse:
        if conn.protocol is None or conn.protocol.should_close:
            raise _Stale
        response = await super().send(conn)
        if isinstance(response, _Response):
            response.came_in = conn.transport
        return response


class HttpTransport:
    """Speaks to any server with the chat API. No retries, no limits: those are the gateway's."""

    def __init__(self, server: Server, dialect: Dialect, *, watch: DriftWatch | None = None) -> None:
        self._server = server
        self._dialect = dialect
        self._url = server.url + CHAT_PATH
        self._watch = watch
        self._echoes = Echoes()
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, ttl_dns_cache=60, keepalive_timeout=15),
            headers={"Content-Type": "application/json", "Accept": "application/json", **self._server.headers()},
            timeout=aiohttp.ClientTimeout(total=None),
            cookie_jar=aiohttp.DummyCookieJar(),
            proxy=self._server.proxy(),
            request_class=_Request,
            response_class=_Response,
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()
        if self._watch is not None:
            await self._watch.close()

    def encode(self, call: Call) -> bytes:
        """The call as the server's dialect spells it."""
        return encode(chat_body(call, self._dialect))

    async def send(self, call: Call, body: bytes) -> tuple[Answer, Mapping[str, str]]:
        """The answer to one attempt, within its time by the clock on the wall."""
        timeout_s = self._server.timeout_s
        try:
            async with asyncio.timeout(timeout_s):
                return await self._post(body)
        except Setback as error:
            setback = error
        except TimeoutError:
            setback = Setback("passing", "timed out", f"no answer in {timeout_s:g} s", billed=True, absent=True)
        except (aiohttp.ClientError, OSError, ValueError) as error:
            setback = _of_error(error)
        # Raised out here, so that no exception of the client, whose request holds the key, hangs on to it.
        setback.detail = self._server.redact(setback.detail)
        raise setback

    async def _post(self, body: bytes) -> tuple[Answer, Mapping[str, str]]:
        assert self._session is not None
        while True:
            try:
                async with self._session.post(self._url, data=body, allow_redirects=False) as response:
                    data = await response.read()
            except _Stale:
                continue
            if response.status != 200:
                raise of_status(response.status, response.headers, data)
            answer = read_answer(data)
            if self._echoes.is_echo(answer.id, body, data):
                if isinstance(response, _Response) and response.came_in is not None:
                    response.came_in.abort()
                raise Setback("passing", "the response answers another call", billed=True)
            if self._watch is not None:
                self._watch.see(body, data)
            return answer, response.headers


def _of_error(error: Exception) -> Setback:
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return Setback("passing", "the server's name is not known", str(error.os_error), absent=True)
    if isinstance(error, aiohttp.ClientConnectorError):
        return Setback("passing", "no connection", str(error.os_error), absent=True)
    if isinstance(error, aiohttp.InvalidURL | aiohttp.NonHttpUrlClientError):
        return Setback("fatal", "base_url is no address of a server", type(error).__name__)
    return Setback("passing", "the connection broke", type(error).__name__, billed=True, absent=True)
