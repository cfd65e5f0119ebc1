"""Where requests go, straight or through a proxy: which host to connect to, and how a request begins there."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import SplitResult, unquote, urlsplit

_PORTS = {"http": 80, "https": 443}


class BadAddress(ValueError):
    """Nothing can be sent there, whoever listens."""


@dataclass(frozen=True, slots=True)
class Address:
    """Which host to connect to, and what to say there."""

    host: str
    port: int
    is_encrypted: bool
    head: bytes = field(repr=False)
    """A request up to the length of its body."""
    tunnel: bytes | None = field(repr=False)
    """What is said to a proxy so that it puts through to a server with which TLS is spoken."""
    server: str


def address_of(url: str, headers: Mapping[str, str], proxy: str | None) -> Address:
    """How requests with those headers get to an address; BadAddress where nothing can."""
    to, host, port = _parts(url)
    said = {"Host": _named(host, port, to.scheme), "User-Agent": "synth-assets", "Accept-Encoding": "identity"}
    path = f"{to.path or '/'}{f'?{to.query}' if to.query else ''}"
    if proxy is None:
        return Address(host, port, to.scheme == "https", _head(path, {**said, **headers}), None, host)
    via, proxy_host, proxy_port = _parts(proxy if "://" in proxy else f"http://{proxy}", "its proxy: ")
    known = _credentials(via)
    is_encrypted = via.scheme == "https"
    if to.scheme == "http":
        whole = f"http://{said['Host']}{path}"
        return Address(proxy_host, proxy_port, is_encrypted, _head(whole, {**said, **known, **headers}), None, host)
    where = f"{_bracketed(host)}:{port}"
    tunnel = f"CONNECT {where} HTTP/1.1\r\n{_lines({'Host': where, **known})}\r\n".encode("latin-1")
    return Address(proxy_host, proxy_port, is_encrypted, _head(path, {**said, **headers}), tunnel, host)


def _parts(url: str, whose: str = "") -> tuple[SplitResult, str, int]:
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").encode("idna").decode(), parts.port
    except ValueError as error:
        raise BadAddress(f"{whose}{error}") from None
    if parts.scheme not in _PORTS:
        raise BadAddress(f"{whose}it begins with neither http:// nor https://")
    if not host:
        raise BadAddress(f"{whose}it names no host")
    return parts, host, port or _PORTS[parts.scheme]


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
