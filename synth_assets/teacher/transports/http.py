"""The direct way to a chat API: pooled connections, each body spelled once, and of a response only what is needed."""

import asyncio
from collections.abc import Mapping
from types import TracebackType
from typing import Self

from synth_assets.core.request import Call
from synth_assets.teacher.call_error import CallError, error_from_status
from synth_assets.teacher.transports.address import BadAddress
from synth_assets.teacher.transports.connection import Broken
from synth_assets.teacher.transports.duplicate_guard import DuplicateGuard
from synth_assets.teacher.transports.pool import NoConnection, Pool, UnknownName
from synth_assets.teacher.transports.sdk_compat import SdkCompatWatch
from synth_assets.teacher.transports.transport import Server
from synth_assets.teacher.wire import CHAT_PATH, Completion, Dialect, chat_body, encode, read_completion

_HEADERS = {"Content-Type": "application/json", "Accept": "application/json"}


class HttpTransport:
    """Speaks to any server with the chat API. No retries, no limits: those are the gateway's."""

    def __init__(self, server: Server, dialect: Dialect, *, watch: SdkCompatWatch | None = None) -> None:
        self._server = server
        self._dialect = dialect
        self._watch = watch
        self._echoes = DuplicateGuard()
        self._pool = Pool(server.url + CHAT_PATH, {**_HEADERS, **server.headers()}, server.proxy())

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._pool.close()
        if self._watch is not None:
            await self._watch.close()

    def encode(self, call: Call) -> bytes:
        """The call as the server's dialect spells it."""
        return encode(chat_body(call, self._dialect))

    async def send(self, call: Call, body: bytes) -> tuple[Completion, Mapping[str, str]]:
        """The answer to one attempt, within its time by the clock on the wall."""
        timeout_s = self._server.timeout_s
        try:
            async with asyncio.timeout(timeout_s):
                return await self._post(body)
        except CallError as error:
            setback = error
        except TimeoutError:
            setback = CallError("passing", "timed out", f"no answer in {timeout_s:g} s", billed=True, absent=True)
        except (BadAddress, NoConnection, Broken, OSError, ValueError) as error:
            setback = _of_error(error)
        # Raised out here, so that no exception of the pool, whose requests hold the key, hangs on to it.
        setback.detail = self._server.redact(setback.detail)
        raise setback

    async def _post(self, body: bytes) -> tuple[Completion, Mapping[str, str]]:
        response = await self._pool.post(body)
        if response.status != 200:
            raise error_from_status(response.status, response.headers, response.body)
        answer = read_completion(response.body)
        if self._echoes.is_echo(answer.id, body, response.body):
            response.hang_up()
            raise CallError("passing", "the response answers another call", billed=True)
        if self._watch is not None:
            self._watch.see(body, response.body)
        return answer, response.headers


def _of_error(error: Exception) -> CallError:
    match error:
        case UnknownName():
            return CallError("passing", "the server's name is not known", str(error), absent=True)
        case NoConnection():
            return CallError("passing", "no connection", str(error), absent=True)
        case BadAddress():
            return CallError("fatal", "base_url is no address of a server", str(error))
    return CallError("passing", "the connection broke", str(error) or type(error).__name__, billed=True, absent=True)
