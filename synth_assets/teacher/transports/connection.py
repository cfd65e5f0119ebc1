"""One connection over HTTP/1.1: a request goes out, and its response comes in, read by the parser of Node.js."""

import asyncio
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

_BODIES_END = {"content-length", "transfer-encoding"}


class Broken(Exception):
    """The connection did not last until the response was there; the request may have been read."""


@dataclass(frozen=True, slots=True)
class Response:
    """A response, read to its end. The names of its headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    hang_up: Callable[[], None] = field(repr=False)
    """Closes the connection that it came on: nothing is to be asked there again."""


class Connection(asyncio.Protocol):
    """One request at a time, and its response. What comes unasked closes it."""

    def __init__(self) -> None:
        self.idle_since = 0.0
        self.is_open = True
        self._transport: asyncio.Transport | None = None
        self._answer: asyncio.Future[Response] | None = None
        self._is_head_only = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if isinstance(transport, asyncio.Transport):
            self._transport = transport

    def ask(self, request: bytes, *, is_head_only: bool = False) -> asyncio.Future[Response]:
        """Sends a request. Its response may be known to have no body."""
        assert self._transport is not None
        self._parser = HttpResponseParser(self)
        self._headers: dict[str, str] = {}
        self._body: list[bytes] = []
        self._is_head_only, self._is_endless = is_head_only, False
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return self._answer

    async def encrypt(self, host: str) -> None:
        """From here on TLS is spoken, with the server that a proxy has put through."""
        assert self._transport is not None
        loop = asyncio.get_running_loop()
        self._transport = await loop.start_tls(self._transport, self, trust(), server_hostname=host)

    def close(self) -> None:
        """Nothing more is sent or read."""
        self.is_open = False
        if self._transport is not None:
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        if self._answer is None:
            self.close()
            return
        try:
            self._parser.feed_data(data)
        except (HttpParserError, HttpParserUpgrade) as error:
            self._fail(str(error))

    def eof_received(self) -> None:
        """The server hangs up: asyncio closes the rest, and then `connection_lost` is told."""
        self.is_open = False

    def connection_lost(self, error: Exception | None) -> None:
        self.is_open = False
        if error is None and self._is_endless:
            self._finish()
        self._fail("" if error is None else type(error).__name__)

    def on_message_begin(self) -> None:
        """The parser's: a second response after the one that was asked for is nobody's."""
        if self._answer is None:
            self.close()

    def on_header(self, name: bytes, value: bytes) -> None:
        """The parser's."""
        self._headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        """The parser's: a body whose length nobody tells ends with the connection."""
        self._is_endless = self._parser.get_status_code() >= 200 and _BODIES_END.isdisjoint(self._headers)
        if self._is_head_only:
            self._finish()

    def on_body(self, body: bytes) -> None:
        """The parser's."""
        self._body.append(body)

    def on_message_complete(self) -> None:
        """The parser's: what is below 200 only says that the response is on its way."""
        if self._parser.get_status_code() < 200:
            self._headers.clear()
        elif not self._is_head_only:
            self.is_open = self.is_open and self._parser.should_keep_alive()
            self._finish()

    def _finish(self) -> None:
        answer, self._answer, self._is_endless = self._answer, None, False
        if answer is not None and not answer.done():
            status, body = self._parser.get_status_code(), b"".join(self._body)
            answer.set_result(Response(status, self._headers, body, self.close))

    def _fail(self, why: str) -> None:
        answer, self._answer = self._answer, None
        if answer is not None and not answer.done():
            answer.set_exception(Broken(why))
        self.close()


@cache
def trust() -> ssl.SSLContext:
    """Which servers are believed: those whose certificates the system believes."""
    context = ssl.create_default_context()
    context.set_alpn_protocols(["http/1.1"])
    return context
