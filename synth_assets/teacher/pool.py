"""POST to one address over HTTP/1.1, on connections that stay open: what asking a teacher needs, and no more.

`httptools` reads the responses (it is the parser of Node.js), asyncio does the rest. A client for all of HTTP takes
two or three times as much of the processor for each call, and that is most of what a call costs.
"""

import asyncio
import base64
import socket
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from urllib.parse import SplitResult, unquote, urlsplit

from aiohappyeyeballs import AddrInfoType, start_connection
from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

_KEEP_S = 15.0
_NAME_S = 60.0
_SECOND_FAMILY_S = 0.25
_PORTS = {"http": 80, "https": 443}
_BODIES_END = {"content-length", "transfer-encoding"}


class BadAddress(ValueError):
    """Nothing can be sent there, whoever listens."""


class NoConnection(Exception):
    """Nobody was reached, and nothing was sent."""


class UnknownName(NoConnection):
    """The name of the server, or of the proxy, stands for no address."""


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
        self._transport = await loop.start_tls(self._transport, self, _trust(), server_hostname=host)

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


class Pool:
    """The connections to one address. Belongs to the event loop it is used in."""

    def __init__(self, url: str, headers: Mapping[str, str], proxy: str | None = None) -> None:
        self._url, self._headers, self._proxy = url, headers, proxy
        self._route: _Route | None = None
        self._idle: list[Connection] = []
        self._all: set[Connection] = set()
        self._addresses: asyncio.Task[list[AddrInfoType]] | None = None
        self._asked_at = 0.0

    async def post(self, body: bytes) -> Response:
        """The response to a body, on a connection that is free, or else a new one.

        Raises BadAddress, NoConnection or Broken. Who is cancelled meanwhile leaves no connection behind.
        """
        if self._route is None:
            self._route = _route(self._url, self._headers, self._proxy)
        connection = self._free() or await self._connect(self._route)
        try:
            response = await connection.ask(b"%b%d\r\n\r\n%b" % (self._route.head, len(body), body))
        except BaseException:
            connection.close()
            raise
        finally:
            self._put_back(connection)
        return response

    async def close(self) -> None:
        """Closes all connections, and waits until the sockets are gone."""
        if self._addresses is not None:
            self._addresses.cancel()
        for connection in self._all:
            connection.close()
        self._all.clear()
        self._idle.clear()
        for _ in range(3):  # of what is aborted asyncio lets go a turn later, of TLS two
            await asyncio.sleep(0)

    def _free(self) -> Connection | None:
        now = asyncio.get_running_loop().time()
        while self._idle:
            connection = self._idle.pop()
            if connection.is_open and now - connection.idle_since < _KEEP_S:
                return connection
            connection.close()
            self._all.discard(connection)
        return None

    def _put_back(self, connection: Connection) -> None:
        if connection.is_open:
            connection.idle_since = asyncio.get_running_loop().time()
            self._idle.append(connection)
        else:
            connection.close()
            self._all.discard(connection)

    async def _connect(self, route: "_Route") -> Connection:
        loop = asyncio.get_running_loop()
        try:
            addresses = await self._resolved(route)
        except OSError as error:
            raise UnknownName(str(error)) from None
        connection = Connection()
        self._all.add(connection)
        try:
            found = await start_connection(addresses, happy_eyeballs_delay=_SECOND_FAMILY_S, loop=loop)
            found.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            trust, name = (_trust(), route.host) if route.is_encrypted else (None, None)
            await loop.create_connection(lambda: connection, sock=found, ssl=trust, server_hostname=name)
            if route.tunnel is not None:
                await self._put_through(connection, route)
        except BaseException as error:
            connection.close()
            self._all.discard(connection)
            if isinstance(error, OSError | Broken):
                raise NoConnection(str(error)) from None
            raise
        return connection

    async def _put_through(self, connection: Connection, route: "_Route") -> None:
        assert route.tunnel is not None
        response = await connection.ask(route.tunnel, is_head_only=True)
        if response.status != 200:
            raise NoConnection(f"the proxy says {response.status}")
        await connection.encrypt(route.server)

    async def _resolved(self, route: "_Route") -> list[AddrInfoType]:
        """The addresses of the host, asked for once a minute however many connections there are."""
        loop = asyncio.get_running_loop()
        asked = self._addresses
        is_of_use = asked is not None and not (asked.done() and (asked.cancelled() or asked.exception()))
        if asked is None or not is_of_use or loop.time() - self._asked_at > _NAME_S:
            asked = self._addresses = loop.create_task(_addresses(route.host, route.port))
            asked.add_done_callback(lambda task: task.cancelled() or task.exception())
            self._asked_at = loop.time()
        return await asyncio.shield(asked)


async def _addresses(host: str, port: int) -> list[AddrInfoType]:
    return [*await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)]


@dataclass(frozen=True, slots=True)
class _Route:
    """Which host to connect to, and what to say there."""

    host: str
    port: int
    is_encrypted: bool
    head: bytes = field(repr=False)
    """A request up to the length of its body."""
    tunnel: bytes | None = field(repr=False)
    """What is said to a proxy so that it puts through to a server with which TLS is spoken."""
    server: str


def _route(url: str, headers: Mapping[str, str], proxy: str | None) -> _Route:
    to, host, port = _parts(url)
    said = {"Host": _named(host, port, to.scheme), "User-Agent": "synth-assets", "Accept-Encoding": "identity"}
    path = f"{to.path or '/'}{f'?{to.query}' if to.query else ''}"
    if proxy is None:
        return _Route(host, port, to.scheme == "https", _head(path, {**said, **headers}), None, host)
    via, proxy_host, proxy_port = _parts(proxy if "://" in proxy else f"http://{proxy}")
    known = _credentials(via)
    is_encrypted = via.scheme == "https"
    if to.scheme == "http":
        whole = f"http://{said['Host']}{path}"
        return _Route(proxy_host, proxy_port, is_encrypted, _head(whole, {**said, **known, **headers}), None, host)
    where = f"{_bracketed(host)}:{port}"
    tunnel = f"CONNECT {where} HTTP/1.1\r\n{_lines({'Host': where, **known})}\r\n".encode("latin-1")
    return _Route(proxy_host, proxy_port, is_encrypted, _head(path, {**said, **headers}), tunnel, host)


def _parts(url: str) -> tuple[SplitResult, str, int]:
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").encode("idna").decode(), parts.port or _PORTS[parts.scheme]
    except (ValueError, KeyError) as error:
        raise BadAddress(type(error).__name__) from None
    if not host:
        raise BadAddress("no name of a server")
    return parts, host, port


def _named(host: str, port: int, scheme: str) -> str:
    return _bracketed(host) if port == _PORTS[scheme] else f"{_bracketed(host)}:{port}"


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _credentials(proxy: SplitResult) -> dict[str, str]:
    if proxy.username is None:
        return {}
    told = f"{unquote(proxy.username)}:{unquote(proxy.password or '')}"
    return {"Proxy-Authorization": f"Basic {base64.b64encode(told.encode()).decode()}"}


def _head(target: str, headers: Mapping[str, str]) -> bytes:
    if any(character <= " " or character > "~" for character in target):
        raise BadAddress("a character that no address has")
    return f"POST {target} HTTP/1.1\r\n{_lines(headers)}Content-Length: ".encode("latin-1")


def _lines(headers: Mapping[str, str]) -> str:
    for name, value in headers.items():
        if not value.isascii() or not value.isprintable():
            raise BadAddress(f"a character that no header holds, in {name}")
    return "".join(f"{name}: {value}\r\n" for name, value in headers.items())


@cache
def _trust() -> ssl.SSLContext:
    """Which servers are believed: those whose certificates the system believes."""
    context = ssl.create_default_context()
    context.set_alpn_protocols(["http/1.1"])
    return context
