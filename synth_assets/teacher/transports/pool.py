"""POST to one address over HTTP/1.1, on connections that stay open: what asking a teacher needs, and no more.

A client for all of HTTP takes two or three times as much of the processor for each call, and that is most of what a
call costs.
"""

import asyncio
import socket
from collections.abc import Mapping

from aiohappyeyeballs import AddrInfoType, start_connection

from synth_assets.teacher.transports.address import Address, address_of
from synth_assets.teacher.transports.connection import Broken, Connection, Response, trust

_KEEP_S = 15.0
_NAME_S = 60.0
_SECOND_FAMILY_S = 0.25


class NoConnection(Exception):
    """Nobody was reached, and nothing was sent."""


class UnknownName(NoConnection):
    """The name of the server, or of the proxy, stands for no address."""


class Pool:
    """The connections to one address. Belongs to the event loop it is used in."""

    def __init__(self, url: str, headers: Mapping[str, str], proxy: str | None = None) -> None:
        self._url, self._headers, self._proxy = url, headers, proxy
        self._address: Address | None = None
        self._idle: list[Connection] = []
        self._all: set[Connection] = set()
        self._addresses: asyncio.Task[list[AddrInfoType]] | None = None
        self._asked_at = 0.0

    async def post(self, body: bytes) -> Response:
        """The response to a body, on a connection that is free, or else a new one.

        Raises BadAddress, NoConnection or Broken. Who is cancelled meanwhile leaves no connection behind.
        """
        if self._address is None:
            self._address = address_of(self._url, self._headers, self._proxy)
        connection = self._free() or await self._connect(self._address)
        try:
            response = await connection.ask(b"%b%d\r\n\r\n%b" % (self._address.head, len(body), body))
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
            self._drop(connection)
        return None

    def _put_back(self, connection: Connection) -> None:
        if connection.is_open:
            connection.idle_since = asyncio.get_running_loop().time()
            self._idle.append(connection)
        else:
            self._drop(connection)

    def _drop(self, connection: Connection) -> None:
        connection.close()
        self._all.discard(connection)

    async def _connect(self, address: Address) -> Connection:
        loop = asyncio.get_running_loop()
        try:
            addresses = await self._resolved(address)
        except OSError as error:
            raise UnknownName(str(error)) from None
        connection = Connection()
        self._all.add(connection)
        try:
            believed, name = (trust(), address.host) if address.is_encrypted else (None, None)
            found = await start_connection(addresses, happy_eyeballs_delay=_SECOND_FAMILY_S, loop=loop)
            await loop.create_connection(lambda: connection, sock=found, ssl=believed, server_hostname=name)
            if address.tunnel is not None:
                await self._put_through(connection, address)
        except (OSError, Broken) as error:
            self._drop(connection)
            raise NoConnection(str(error)) from None
        except BaseException:
            self._drop(connection)
            raise
        return connection

    async def _put_through(self, connection: Connection, address: Address) -> None:
        assert address.tunnel is not None
        response = await connection.ask(address.tunnel, is_head_only=True)
        if response.status != 200:
            raise NoConnection(f"the proxy says {response.status}")
        await connection.encrypt(address.server)

    async def _resolved(self, address: Address) -> list[AddrInfoType]:
        """The addresses of the host, asked for once a minute however many connections there are."""
        loop = asyncio.get_running_loop()
        asked = self._addresses
        is_of_use = asked is not None and not (asked.done() and (asked.cancelled() or asked.exception()))
        if asked is None or not is_of_use or loop.time() - self._asked_at > _NAME_S:
            asked = self._addresses = loop.create_task(_addresses(address.host, address.port))
            asked.add_done_callback(lambda task: task.cancelled() or task.exception())
            self._asked_at = loop.time()
        return await asyncio.shield(asked)


async def _addresses(host: str, port: int) -> list[AddrInfoType]:
    return [*await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)]
