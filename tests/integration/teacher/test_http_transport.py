"""The HTTP transport against servers that are scripted byte by byte, over TLS, and behind a proxy."""

import asyncio
import base64
import json
import shutil
import ssl
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from synth_assets.core.dialog import Message
from synth_assets.core.request import Call, Request, Target
from synth_assets.teacher.call_error import CallError
from synth_assets.teacher.transports.http import HttpTransport
from synth_assets.teacher.transports.transport import Server

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
CALL = Call(Request((Message("user", "hi"),)), Target("here", "m"))


def completion(text: str, answer_id: str = "") -> bytes:
    choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}
    return json.dumps({"id": answer_id, "model": "m", "choices": [choice]}).encode()


BODY = completion("hi")


def ok(body: bytes = BODY, status: str = "HTTP/1.1 200 OK", extra: str = "") -> bytes:
    return f"{status}\r\n{extra}Content-Length: {len(body)}\r\n\r\n".encode() + body


OK = ok()
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n%x\r\n%b\r\n0\r\n\r\n" % (
    5,
    BODY[:5],
    len(BODY) - 5,
    BODY[5:],
)


@asynccontextmanager
async def listening(serve: Serve, trust: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """A server that treats each connection as `serve` says; its port."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await serve(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the client has hung up
        finally:
            writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0, ssl=trust)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def request(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    """A request: its head and its body."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(int(line[16:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length: "))
    return head, await reader.readexactly(length)


class Script:
    """Answers each request with the next of its answers; after None, or the last, it hangs up."""

    def __init__(self, *answers: bytes | None) -> None:
        self.answers = list(answers)
        self.connections = 0
        self.heads: list[bytes] = []

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        while self.answers:
            head, _ = await request(reader)
            self.heads.append(head)
            answer = self.answers.pop(0)
            if answer is None:
                return
            writer.write(answer)
            await writer.drain()


class Client:
    """A transport, asked with raw bodies."""

    def __init__(self, transport: HttpTransport) -> None:
        self._transport = transport

    async def post(self, body: bytes = b"{}") -> str:
        answer, _ = await self._transport.send(CALL, body)
        return answer.text


@asynccontextmanager
async def client(url: str, key: str | None = None, proxy: str | None = None, **knobs: Any) -> AsyncIterator[Client]:
    class Proxied(Server):
        def proxy(self) -> str | None:
            return proxy

    async with HttpTransport(Proxied(url, key, knobs.pop("timeout_s", 5.0)), "mistral", **knobs) as transport:
        yield Client(transport)


@asynccontextmanager
async def client_of(script: Serve, key: str | None = None, **knobs: Any) -> AsyncIterator[Client]:
    async with listening(script) as port, client(f"http://127.0.0.1:{port}", key, **knobs) as found:
        yield found


async def test_a_request_is_what_a_server_expects_and_a_connection_serves_many() -> None:
    script = Script(OK, OK, OK)
    async with client_of(script, "k") as http:
        assert [await http.post() for _ in range(3)] == ["hi"] * 3
    lines = script.heads[0].decode().split("\r\n")
    assert lines[0] == "POST /v1/chat/completions HTTP/1.1"
    assert {"Authorization: Bearer k", "Content-Length: 2", "Accept-Encoding: identity"} <= set(lines)
    assert "User-Agent: synth-assets" in lines
    assert lines[1].startswith("Host: 127.0.0.1:")
    assert script.connections == 1


@pytest.mark.parametrize(
    ("answer", "is_kept"),
    [
        (OK, True),
        (CHUNKED, True),
        (b"HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\n" + OK, True),
        (ok(extra="Connection: close\r\n"), False),
        (ok(status="HTTP/1.0 200 OK"), False),
        (OK + OK, False),
    ],
    ids=["length", "chunks", "hints first", "closes", "HTTP/1.0", "sent twice"],
)
async def test_a_response_and_whether_its_connection_serves_again(answer: bytes, is_kept: bool) -> None:
    script = Script(answer, OK)
    async with client_of(script) as http:
        assert [await http.post(b"1"), await http.post(b"2")] == ["hi", "hi"]
    assert script.connections == (1 if is_kept else 2)


async def test_a_body_of_unknown_length_ends_with_its_connection() -> None:
    async with client_of(Script(b"HTTP/1.1 200 OK\r\n\r\n" + BODY)) as http:
        assert await http.post() == "hi"


@pytest.mark.parametrize(
    "answer",
    [
        None,
        OK[:-3],
        b"HTTP/1.1 200 OK\r\nContent-Le",
        b"SMTP ready\r\n\r\n",
        b"HTTP/1.1 101 Other\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
    ],
)
async def test_what_is_no_whole_response_is_an_error_and_the_next_call_uses_another_connection(
    answer: bytes | None,
) -> None:
    script = Script(answer)
    async with client_of(script) as http:
        with pytest.raises(CallError) as raised:
            await http.post()
        assert (raised.value.kind, raised.value.reason) == ("transient", "the connection broke")
        assert raised.value.billed
        script.answers.append(OK)
        assert await http.post() == "hi"


async def test_a_connection_that_the_server_closed_or_wrote_to_while_idle_is_not_used_again() -> None:
    async def close_then_write(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        await request(reader)
        writer.write(OK)
        await writer.drain()
        if connections == 2:
            await asyncio.sleep(0.02)
            writer.write(ok(completion("late, and nobody's")))
            await reader.read()

    connections = 0
    async with client_of(close_then_write) as http:
        for expected in (1, 2, 3):
            assert await http.post() == "hi"
            assert connections == expected
            await asyncio.sleep(0.1)


async def test_after_a_response_that_came_twice_no_old_connection_is_used() -> None:
    """The second copy arrives when the next call is already waiting, and its id gives it away."""

    async def twice(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        answer = completion(f"connection {connections}", f"id-{connections}")
        await request(reader)
        writer.write(ok(answer))
        await request(reader)
        writer.write(ok(answer) + ok(completion("to the second call", "id-9")))
        await reader.read()

    connections = 0
    async with client_of(twice) as http:
        assert await http.post(b"1") == "connection 1"
        with pytest.raises(CallError, match="the response answers another call"):
            await http.post(b"2")
        assert await http.post(b"2") == "connection 2"
    assert connections == 2


async def test_a_cancelled_request_takes_its_connection_along() -> None:
    async def late_then_soon(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        _, body = await request(reader)
        if body == b"late":
            await reader.read()
            hung_up.set()
        writer.write(OK)

    hung_up = asyncio.Event()
    async with client_of(late_then_soon) as http:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await http.post(b"late")
        assert await http.post(b"soon") == "hi"
        await asyncio.wait_for(hung_up.wait(), 5)


async def test_an_answer_that_drips_ends_at_the_wall_clock() -> None:
    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request(reader)
        for byte in OK:
            writer.write(bytes([byte]))
            await asyncio.sleep(0.01)

    async with client_of(drip, timeout_s=0.1) as http:
        with pytest.raises(CallError) as raised:
            await http.post()
    assert (raised.value.reason, raised.value.billed, raised.value.absent) == ("timed out", True, True)


async def test_an_idle_connection_grows_old() -> None:
    script = Script(OK, OK)
    async with client_of(script, keep_alive_s=0.01) as http:
        await http.post()
        await asyncio.sleep(0.05)
        await http.post()
    assert script.connections == 2


async def test_many_at_once_have_a_connection_each() -> None:
    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        while True:
            await request(reader)
            await asyncio.sleep(0.05)
            writer.write(OK)

    connections = 0
    async with client_of(slow) as http:
        for _ in range(2):
            assert await asyncio.gather(*(http.post() for _ in range(200))) == ["hi"] * 200
    assert connections == 200


async def test_nobody_there() -> None:
    async with listening(Script()) as port:
        pass
    async with client(f"http://127.0.0.1:{port}") as gone, client("http://nowhere.invalid") as nameless:
        for _ in range(2):
            for http, reason in ((gone, "no connection"), (nameless, "the server's name is not known")):
                with pytest.raises(CallError) as raised:
                    await http.post()
                assert (raised.value.kind, raised.value.reason) == ("transient", reason)
                assert raised.value.absent
                assert not raised.value.billed


@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("ftp://127.0.0.1", "k"),
        ("127.0.0.1:80/v1", "k"),
        ("http:///v1", "k"),
        ("http://127.0.0.1:99999", "k"),
        ("http://127.0.0.1:1", "k\r\nX-Injected: yes"),
        ("http://127.0.0.1:1", "ключ"),
    ],
)
async def test_what_no_request_can_be_sent_to_ends_the_run_and_does_not_show_the_key(url: str, key: str) -> None:
    async with client(url, key) as http:
        with pytest.raises(CallError) as raised:
            await http.post()
    assert (raised.value.kind, raised.value.reason) == ("fatal", "base_url is no address of a server")
    assert key == "k" or key not in raised.value.detail
    assert raised.value.__cause__ is None
    assert raised.value.__context__ is None


@pytest.fixture
def certificate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A certificate of localhost that this process trusts, and its key in the same file."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl, which makes the certificate, is not installed")
    path = tmp_path / "localhost.pem"
    subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", *subject]
    subprocess.run([*command, "-keyout", str(path), "-out", f"{path}.crt"], check=True, capture_output=True)
    path.write_bytes(path.read_bytes() + Path(f"{path}.crt").read_bytes())
    monkeypatch.setenv("SSL_CERT_FILE", f"{path}.crt")
    return path


def server_tls(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


async def test_tls(certificate: Path) -> None:
    script = Script(OK, OK)
    async with listening(script, server_tls(certificate)) as port:
        async with client(f"https://localhost:{port}") as http:
            assert [await http.post(), await http.post()] == ["hi", "hi"]
        async with client(f"https://127.0.0.1:{port}") as stranger:
            with pytest.raises(CallError, match="no connection") as raised:
                await stranger.post()
    assert "certificate" in raised.value.detail
    assert script.connections == 1


@asynccontextmanager
async def proxy(answer: bytes, heads: list[bytes]) -> AsyncIterator[int]:
    """A proxy that puts through to localhost, if its answer says so."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(head := await reader.readuntil(b"\r\n\r\n"))
        writer.write(answer)
        if b" 200 " not in answer:
            return
        upstream = await asyncio.open_connection("127.0.0.1", int(head.split()[1].rpartition(b":")[2]))
        await asyncio.gather(_copy(reader, upstream[1]), _copy(upstream[0], writer))

    async with listening(serve) as port:
        yield port


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65_536):
        writer.write(data)
    writer.close()


@pytest.mark.parametrize(
    "answer", [b"HTTP/1.1 200 OK\r\n\r\n", b"HTTP/1.0 200 Connection established\r\nContent-Length: 0\r\n\r\n"]
)
async def test_a_proxy_puts_through_to_a_server_with_tls(certificate: Path, answer: bytes) -> None:
    script, heads = Script(OK, OK), list[bytes]()
    async with (
        listening(script, server_tls(certificate)) as port,
        proxy(answer, heads) as via,
        client(f"https://localhost:{port}", "k", f"http://me:p%40ss@127.0.0.1:{via}") as http,
    ):
        assert [await http.post(), await http.post()] == ["hi", "hi"]
    lines = heads[0].decode().split("\r\n")
    assert lines[0] == f"CONNECT localhost:{port} HTTP/1.1"
    assert f"Proxy-Authorization: Basic {base64.b64encode(b'me:p@ss').decode()}" in lines
    assert b"Bearer k" not in heads[0]
    assert b"Proxy-Authorization" not in script.heads[0]
    assert len(heads) == 1


async def test_a_proxy_that_refuses_is_no_connection(certificate: Path) -> None:
    heads: list[bytes] = []
    refused = b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n"
    async with proxy(refused, heads) as via, client("https://localhost:1", None, f"127.0.0.1:{via}") as http:
        with pytest.raises(CallError, match="no connection") as raised:
            await http.post()
    assert "407" in raised.value.detail


async def test_a_proxy_that_speaks_something_else_is_named() -> None:
    async with client("http://elsewhere.invalid", None, "socks5://127.0.0.1:1080") as http:
        with pytest.raises(CallError, match="base_url is no address") as raised:
            await http.post()
    assert "its proxy" in raised.value.detail
    assert "neither http:// nor https://" in raised.value.detail


@pytest.mark.parametrize("via", ["me:p4ss@proxy:port", "http://me:p4ss@proxy:99999", "http://me:p4ss@[::1:3"])
async def test_a_proxy_that_is_no_url_ends_the_run_and_does_not_show_its_password(via: str) -> None:
    async with client("http://elsewhere.invalid", None, via) as http:
        with pytest.raises(CallError, match="base_url is no address") as raised:
            await http.post()
    assert raised.value.kind == "fatal"
    assert "its proxy" in raised.value.detail
    assert "p4ss" not in raised.value.detail


async def test_through_a_proxy_the_whole_address_is_asked_for() -> None:
    script = Script(OK)
    async with (
        listening(script) as via,
        client("http://elsewhere.invalid:8080", None, f"http://127.0.0.1:{via}") as http,
    ):
        assert await http.post() == "hi"
    assert script.heads[0].startswith(
        b"POST http://elsewhere.invalid:8080/v1/chat/completions HTTP/1.1\r\nHost: elsewhere.invalid:8080\r\n"
    )
