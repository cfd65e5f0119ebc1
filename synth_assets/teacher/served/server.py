"""`synth teacher serve`: the offline teacher, or a recording, behind Mistral's HTTP interface."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

from aiohttp import web

from synth_assets.core.canonical import Json
from synth_assets.core.errors import TeacherError
from synth_assets.teacher.served.batches import ServedBatches
from synth_assets.teacher.served.chat import RULES, AnswerFunction, Counts, ServedChat, reset
from synth_assets.teacher.served.faults import Faults

_MODELS = ("mistral-small-latest", "mistral-medium-latest", "mistral-large-latest", "offline")


class ServedTeacher:
    """A server on a port, as an asynchronous context manager; port 0 takes any that is free."""

    def __init__(
        self, answer: AnswerFunction = RULES, faults: str | Faults = "", *, host: str = "127.0.0.1", port: int = 0
    ) -> None:
        self._faults = Faults.of(faults) if isinstance(faults, str) else faults
        self._chat = ServedChat(answer, self._faults)
        self._batches = ServedBatches(self._chat, self._faults)
        self._host, self._port = host, port
        self._server = web.Server(self._handle, access_log=None)
        self._runner = web.ServerRunner(self._server)
        self._site: web.TCPSite | None = None
        self._outage: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        await self._runner.setup()
        await self._open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._outage is not None:
            self._outage.cancel()
            await asyncio.gather(self._outage, return_exceptions=True)
        await self._batches.close()
        self._hang_up()
        await self._runner.cleanup()

    @property
    def url(self) -> str:
        """The address to use as base_url or MISTRAL_BASE_URL."""
        return f"http://{self._host}:{self._port}"

    @property
    def counts(self) -> Counts:
        """The server's own counts."""
        return self._chat.counts

    def stats(self) -> dict[str, Json]:
        """Return the counts as `GET /_stats` does."""
        return self.counts.to_json()

    async def _open(self) -> None:
        self._site = web.TCPSite(self._runner, self._host, self._port, backlog=4096, reuse_address=True)
        try:
            await self._site.start()
        except OSError as error:
            where = f"{self._host}:{self._port}"
            raise TeacherError(
                f"cannot listen there: {error.strerror}", where=where, remedy="choose another --port"
            ) from error
        self._port = self._runner.addresses[0][1]

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        if self._site is None:  # the connection was on its way in when the server went down
            return reset(request, web.Response())
        steps = request.path.strip("/").split("/")
        if steps[0] == "v1" and self._chat.key_is_expired():
            return self._chat.status(401)
        match steps:
            case ["v1", "chat", "completions"]:
                return await self._complete(request)
            case ["v1", "models", *_]:
                return web.json_response({"object": "list", "data": [_card(name) for name in _MODELS]})
            case ["v1", "files", *rest]:
                return await self._batches.files(request, rest)
            case ["v1", "batch", "jobs", *rest]:
                return await self._batches.jobs(request, rest)
            case ["_stats"]:
                return web.json_response(self.stats())
        return web.json_response({"message": "no Route matched with those values"}, status=404)

    async def _complete(self, request: web.BaseRequest) -> web.StreamResponse:
        down_after = self._faults.down_after
        if down_after is not None and self._outage is None and self._chat.counts.calls >= down_after:
            self._outage = asyncio.get_running_loop().create_task(self._go_down())
        return await self._chat.complete(request)

    async def _go_down(self) -> None:
        """Close the port and all connections; open again if so ordered."""
        site, self._site = self._site, None
        if site is not None:
            await site.stop()
        self._hang_up()
        if self._faults.down_for is not None:
            await asyncio.sleep(self._faults.down_for)
            await self._open()

    def _hang_up(self) -> None:
        for connection in list(self._server.connections):
            if connection.transport is not None:
                connection.transport.abort()


def serve(
    host: str, port: int, answer: AnswerFunction = RULES, *, faults: str = "", on_start: Callable[[str], None]
) -> None:
    """Serve until interrupted; `on_start` gets the address."""

    async def forever() -> None:
        async with ServedTeacher(answer, faults, host=host, port=port) as teacher:
            on_start(teacher.url)
            await asyncio.Event().wait()

    asyncio.run(forever())


@contextmanager
def served(answer: AnswerFunction = RULES, faults: str = "", *, port: int = 0) -> Iterator[ServedTeacher]:
    """Run a served teacher in a thread of its own, for callers without an event loop."""
    ready = threading.Event()
    running: list[tuple[ServedTeacher, asyncio.AbstractEventLoop, asyncio.Event]] = []
    failed: list[BaseException] = []

    async def main() -> None:
        done = asyncio.Event()
        async with ServedTeacher(answer, faults, port=port) as teacher:
            running.append((teacher, asyncio.get_running_loop(), done))
            ready.set()
            await done.wait()

    def run() -> None:
        try:
            asyncio.run(main())
        except TeacherError as error:
            failed.append(error)
        finally:
            ready.set()

    thread = threading.Thread(target=run, name="served teacher", daemon=True)
    thread.start()
    ready.wait()
    if failed:
        raise failed[0]
    teacher, loop, done = running[0]
    try:
        yield teacher
    finally:
        loop.call_soon_threadsafe(done.set)
        thread.join()


def _card(name: str) -> dict[str, Json]:
    return {"id": name, "object": "model", "type": "base", "capabilities": {"completion_chat": True}}
