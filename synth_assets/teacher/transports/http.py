"""The direct way to a chat API: pooled connections, each body encoded once, and of a response only what is needed."""

import asyncio
import ssl
from collections.abc import Mapping
from types import TracebackType
from typing import Self

import aiohttp
from aiohttp.client_reqrep import ConnectionKey
from aiohttp.connector import Connection
from aiohttp.tracing import Trace
from yarl import URL

from synth_assets.core.request import Call
from synth_assets.teacher.call_error import CallError, error_from_status
from synth_assets.teacher.transports.duplicate_guard import DuplicateGuard
from synth_assets.teacher.transports.sdk_compat import SdkCompatWatch
from synth_assets.teacher.transports.transport import Server
from synth_assets.teacher.wire import CHAT_PATH, Completion, Dialect, chat_body, encode, read_completion

_KEEP_ALIVE_S = 15.0
_DNS_CACHE_S = 60
_HEADERS = {
    "Content-Type": "application/json",
    "Accept": "application/json",
    "Accept-Encoding": "identity",
    "User-Agent": "synth-assets",
}


class HttpTransport:
    """Speaks to any server with the chat API. Retries and limits are the gateway's."""

    def __init__(
        self,
        server: Server,
        dialect: Dialect,
        *,
        watch: SdkCompatWatch | None = None,
        keep_alive_s: float = _KEEP_ALIVE_S,
    ) -> None:
        self._server = server
        self._dialect = dialect
        self._watch = watch
        self._keep_alive_s = keep_alive_s
        self._guard = DuplicateGuard()
        self._url = URL()
        self._proxy: str | None = None
        self._session: aiohttp.ClientSession | None = None
        self._retired: list[aiohttp.ClientSession] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for session in filter(None, (*self._retired, self._session)):
            await session.close()
        if self._watch is not None:
            await self._watch.close()

    def encode(self, call: Call) -> bytes:
        """Return the body that the server's dialect wants."""
        return encode(chat_body(call, self._dialect))

    async def send(self, call: Call, body: bytes) -> tuple[Completion, Mapping[str, str]]:
        """Return the answer to one attempt, within its wall-clock time."""
        timeout_s = self._server.timeout_s
        try:
            async with asyncio.timeout(timeout_s):
                return await self._post(body)
        except CallError as error:
            failure = error
        except TimeoutError:
            failure = CallError("transient", "timed out", f"no answer in {timeout_s:g} s", billed=True, absent=True)
        except (aiohttp.ClientError, OSError, ValueError) as error:
            failure = _from_client_error(error)
        # Raised out here: the client's exceptions hold the request, and that holds the key.
        failure.detail = self._server.redact(failure.detail)
        raise failure

    async def _post(self, body: bytes) -> tuple[Completion, Mapping[str, str]]:
        session = self._session = self._session or self._open_session()
        async with session.post(self._url, data=body, proxy=self._proxy, allow_redirects=False) as response:
            data = await response.read()
        headers = response.headers
        if response.status < 200:
            raise aiohttp.ServerDisconnectedError(f"status {response.status}")
        if response.status != 200:
            raise error_from_status(response.status, headers, data)
        answer = read_completion(data)
        if self._guard.is_echo(answer.id, body, data):
            self._retire(session)
            raise CallError("transient", "the response answers another call", billed=True)
        if self._watch is not None:
            self._watch.see(body, data)
        return answer, headers

    def _open_session(self) -> aiohttp.ClientSession:
        self._url, self._proxy = _parsed_url(self._server.url + CHAT_PATH), _with_scheme(self._server.proxy())
        return aiohttp.ClientSession(
            connector=_Connector(
                limit=0,
                keepalive_timeout=self._keep_alive_s,
                ttl_dns_cache=_DNS_CACHE_S,
                ssl=_tls_of(self._server.url, self._proxy),
            ),
            headers=_checked({**_HEADERS, **self._server.headers()}),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(),
            auto_decompress=False,
            trust_env=False,
        )

    def _retire(self, session: aiohttp.ClientSession) -> None:
        """Ask nothing more on connections one of which has sent a response twice; calls in flight end on them."""
        if session is self._session:
            self._retired.append(session)
            self._session = None


class _Connector(aiohttp.TCPConnector):
    """Reuses a connection only if nothing came on it while it was idle: that would be read as the next answer."""

    async def _get(self, key: ConnectionKey, traces: list[Trace]) -> Connection | None:
        while (connection := await super()._get(key, traces)) is not None:
            if connection.protocol is not None and not connection.protocol.should_close:
                return connection
            connection.close()
        return None


def _tls_of(*urls: str | None) -> ssl.SSLContext | bool:
    """Return the system's trust store, which takes 70 ms to load, where TLS is spoken at all."""
    if not any(url and url.startswith("https") for url in urls):
        return True
    context = ssl.create_default_context()
    context.set_alpn_protocols(["http/1.1"])
    return context


def _parsed_url(text: str) -> URL:
    try:
        return URL(text)
    except ValueError as error:
        raise aiohttp.InvalidURL(text, str(error)) from None


def _with_scheme(proxy: str | None) -> str | None:
    """Return the proxy's address; raise InvalidURL without it, as it may hold a password."""
    if proxy is None:
        return None
    proxy = proxy if "://" in proxy else f"http://{proxy}"
    try:
        scheme = URL(proxy).scheme
    except ValueError:
        raise aiohttp.InvalidURL("its proxy", "it is no URL") from None
    if scheme not in ("http", "https"):
        raise aiohttp.InvalidURL("its proxy", "it begins with neither http:// nor https://")
    return proxy


def _checked(headers: Mapping[str, str]) -> Mapping[str, str]:
    for name, value in headers.items():
        if not value.isascii() or not value.isprintable():
            raise aiohttp.InvalidURL(name, "a character that no header holds")
    return headers


def _from_client_error(error: Exception) -> CallError:
    detail = str(error)
    match error:
        case aiohttp.InvalidURL() | aiohttp.NonHttpUrlClientError():
            return CallError("fatal", "base_url is no address of a server", detail)
        case aiohttp.ClientConnectorDNSError():
            return CallError("transient", "the server's name is not known", detail, absent=True)
        case aiohttp.ClientConnectorError() | aiohttp.ClientHttpProxyError():
            return CallError("transient", "no connection", detail, absent=True)
    return CallError("transient", "the connection broke", detail or type(error).__name__, billed=True, absent=True)
