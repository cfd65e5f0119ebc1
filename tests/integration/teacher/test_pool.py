"""The pool of connections against servers that are scripted byte by byte, over TLS, and behind a proxy."""

import asyncio
import base64
import shutil
import ssl
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from synth_assets.teacher.transports import pool as pools
from synth_assets.teacher.transports.address import BadAddress
from synth_assets.teacher.transports.connection import Broken, Response, trust
from synth_assets.teacher.transports.pool import NoConnection, Pool, UnknownName

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"
CUT = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhi"
Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def listening(serve: Serve, trust: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """A server that does with each connection what it is told; its port."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await serve(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the pool has hung up
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


@asynccontextmanager
async def pool_of(script: Serve, headers: dict[str, str] | None = None) -> AsyncIterator[Pool]:
    async with listening(script) as port:
        pool = Pool(f"http://127.0.0.1:{port}/v1/chat", headers or {})
        try:
            yield pool
        finally:
            await pool.close()


async def test_a_request_is_what_a_server_expects_and_a_connection_serves_many() -> None:
    script = Script(OK, OK, OK)
    async with pool_of(script, {"Authorization": "Bearer k"}) as pool:
        for _ in range(3):
            response = await pool.post(b"{}")
            assert (response.status, response.body, response.headers) == (200, b"hi", {"content-length": "2"})
    lines = script.heads[0].decode().split("\r\n")
    assert lines[0] == "POST /v1/chat HTTP/1.1"
    assert {"Authorization: Bearer k", "Content-Length: 2", "Accept-Encoding: identity"} <= set(lines)
    assert lines[1].startswith("Host: 127.0.0.1:")
    assert script.connections == 1


@pytest.mark.parametrize(
    ("answer", "is_kept"),
    [
        (OK, True),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nh\r\n1\r\ni\r\n0\r\n\r\n", True),
        (b"HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\n" + OK, True),
        (b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi", False),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi", False),
        (OK + OK, False),
        (OK + b"rubbish", False),
    ],
    ids=["length", "chunks", "hints first", "closes", "HTTP/1.0", "sent twice", "rubbish behind"],
)
async def test_a_response_and_whether_its_connection_serves_again(answer: bytes, is_kept: bool) -> None:
    script = Script(answer, OK)
    async with pool_of(script) as pool:
        first, second = await pool.post(b"1"), await pool.post(b"2")
    assert (first.body, second.body) == (b"hi", b"hi")
    assert "link" not in first.headers
    assert script.connections == (1 if is_kept else 2)


async def test_a_body_of_unknown_length_ends_with_its_connection() -> None:
    async with pool_of(Script(b"HTTP/1.1 200 OK\r\n\r\nall there is")) as pool:
        assert (await pool.post(b"")).body == b"all there is"


@pytest.mark.parametrize(
    "answer",
    [None, CUT, b"HTTP/1.1 200 OK\r\nContent-Le", b"SMTP ready\r\n\r\n", b"HTTP/1.1 101 Other\r\nUpgrade: x\r\n\r\n"],
)
async def test_what_is_no_whole_response_is_an_error_and_the_next_is_asked_anew(answer: bytes | None) -> None:
    script = Script(answer)
    async with pool_of(script) as pool:
        with pytest.raises(Broken):
            await pool.post(b"")
        script.answers.append(OK)
        assert (await pool.post(b"")).body == b"hi"


async def test_a_connection_that_the_server_closed_or_wrote_to_unasked_is_not_used_again() -> None:
    async def close_then_write(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        await request(reader)
        writer.write(OK)
        await writer.drain()
        if connections == 2:
            writer.write(OK)  # late, and nobody's
            await reader.read()

    connections = 0
    async with pool_of(close_then_write) as pool:
        for expected in (1, 2, 3):
            assert (await pool.post(b"")).body == b"hi"
            assert connections == expected
            await asyncio.sleep(0.05)


async def test_who_hangs_up_is_asked_on_another_connection() -> None:
    script = Script(OK, OK)
    async with pool_of(script) as pool:
        (await pool.post(b"")).hang_up()
        await pool.post(b"")
    assert script.connections == 2


async def test_a_cancelled_request_takes_its_connection_along() -> None:
    async def late_then_soon(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        _, body = await request(reader)
        if body == b"late":
            await reader.read()
            hung_up.set()
        writer.write(OK)

    hung_up = asyncio.Event()
    async with pool_of(late_then_soon) as pool:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await pool.post(b"late")
        assert (await pool.post(b"soon")).body == b"hi"
        await asyncio.wait_for(hung_up.wait(), 5)


async def test_an_idle_connection_grows_old(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pools, "_KEEP_S", 0.0)
    script = Script(OK, OK)
    async with pool_of(script) as pool:
        await pool.post(b"")
        await pool.post(b"")
    assert script.connections == 2


async def test_many_at_once_have_a_connection_each_and_ask_for_the_address_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            await request(reader)
            await asyncio.sleep(0.05)
            writer.write(OK)

    asked = 0
    resolve = pools._addresses

    async def counted(host: str, port: int) -> list[pools.AddrInfoType]:
        nonlocal asked
        asked += 1
        return await resolve(host, port)

    monkeypatch.setattr(pools, "_addresses", counted)
    async with pool_of(slow) as pool:
        for _ in range(2):
            assert len(await asyncio.gather(*(pool.post(b"") for _ in range(40)))) == 40
        assert len(pool._all) == 40
    assert asked == 1


async def test_nobody_there() -> None:
    async with listening(Script()) as port:
        pass
    gone, nameless = Pool(f"http://127.0.0.1:{port}/", {}), Pool("http://nowhere.invalid/", {})
    for _ in range(2):
        with pytest.raises(NoConnection) as raised:
            await gone.post(b"")
        assert not isinstance(raised.value, UnknownName)
        with pytest.raises(UnknownName):
            await nameless.post(b"")
    await gone.close()
    await nameless.close()


@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("ftp://127.0.0.1/", "k"),
        ("ftp://127.0.0.1:21/", "k"),
        (f"http://{'a' * 70}.invalid/", "k"),
        ("127.0.0.1:80/v1", "k"),
        ("http:///v1", "k"),
        ("http://127.0.0.1:99999/", "k"),
        ("http://127.0.0.1:1/a b", "k"),
        ("http://127.0.0.1:1/", "k\r\nX-Injected: yes"),
        ("http://127.0.0.1:1/", "ключ"),
    ],
)
async def test_what_no_request_can_be_sent_to_is_told_without_the_key(url: str, key: str) -> None:
    pool = Pool(url, {"Authorization": f"Bearer {key}"})
    with pytest.raises(BadAddress) as raised:
        await pool.post(b"")
    assert key not in str(raised.value) or key == "k"
    await pool.close()


@pytest.fixture
def certificate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A certificate of localhost that this process believes, and its key in the same file."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl, which makes the certificate, is not installed")
    path = tmp_path / "localhost.pem"
    named = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", *named]
    subprocess.run([*made, "-keyout", str(path), "-out", f"{path}.crt"], check=True, capture_output=True)
    path.write_bytes(path.read_bytes() + Path(f"{path}.crt").read_bytes())
    monkeypatch.setenv("SSL_CERT_FILE", f"{path}.crt")
    trust.cache_clear()
    return path


def spoken(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


async def test_tls(certificate: Path) -> None:
    script = Script(OK, OK)
    async with listening(script, spoken(certificate)) as port:
        pool = Pool(f"https://localhost:{port}/", {})
        for _ in range(2):
            assert (await pool.post(b"")).body == b"hi"
        await pool.close()
        stranger = Pool(f"https://127.0.0.1:{port}/", {})
        with pytest.raises(NoConnection, match="certificate"):
            await stranger.post(b"")
        await stranger.close()
    assert script.connections == 1


@asynccontextmanager
async def proxy(answer: bytes, heads: list[bytes]) -> AsyncIterator[int]:
    """A proxy that puts through to localhost, if its answer says so."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(head := await reader.readuntil(b"\r\n\r\n"))
        writer.write(answer)
        if b" 200 " not in answer:
            return
        there = await asyncio.open_connection("127.0.0.1", int(head.split()[1].rpartition(b":")[2]))
        await asyncio.gather(_copy(reader, there[1]), _copy(there[0], writer))

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
    async with listening(script, spoken(certificate)) as port, proxy(answer, heads) as via:
        pool = Pool(f"https://localhost:{port}/v1", {"Authorization": "Bearer k"}, f"http://me:p%40ss@127.0.0.1:{via}")
        for _ in range(2):
            assert (await pool.post(b"")).body == b"hi"
        await pool.close()
    told = heads[0].decode().split("\r\n")
    assert told[0] == f"CONNECT localhost:{port} HTTP/1.1"
    assert f"Proxy-Authorization: Basic {base64.b64encode(b'me:p@ss').decode()}" in told
    assert b"Bearer k" not in heads[0]
    assert b"Proxy-Authorization" not in script.heads[0]
    assert len(heads) == 1


async def test_a_proxy_that_refuses_is_no_connection(certificate: Path) -> None:
    heads: list[bytes] = []
    refused = b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n"
    async with proxy(refused, heads) as via:
        pool = Pool("https://localhost:1/", {}, f"127.0.0.1:{via}")
        with pytest.raises(NoConnection, match="407"):
            await pool.post(b"")
        await pool.close()


async def test_a_proxy_that_speaks_something_else_is_told() -> None:
    with pytest.raises(BadAddress, match="its proxy: it begins with neither"):
        await Pool("http://elsewhere.invalid/", {}, "socks5://127.0.0.1:1080").post(b"")


async def test_through_a_proxy_the_whole_address_is_asked_for() -> None:
    script = Script(OK)
    async with listening(script) as via:
        pool = Pool("http://elsewhere.invalid:8080/v1?a=b", {}, f"http://127.0.0.1:{via}")
        response: Response = await pool.post(b"")
        await pool.close()
    assert response.status == 200
    assert script.heads[0].startswith(
        b"POST http://elsewhere.invalid:8080/v1?a=b HTTP/1.1\r\nHost: elsewhere.invalid:8080\r\n"
    )
