"""The heads of requests and answers that a load balancer passes on, and the answers that it makes itself.

AWS: "HTTP headers and Application Load Balancers" (User Guide for Application Load Balancers)
AWS: "Request tracing for your Application Load Balancer" (User Guide for Application Load Balancers)
AWS: "HTTP header modification for your Application Load Balancer" (User Guide for Application Load Balancers)
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Collection
from dataclasses import dataclass, field
from email.utils import formatdate
from http import HTTPStatus

from .listeners import Record, Way

_HOP_BY_HOP = frozenset(
    (b"connection", b"keep-alive", b"proxy-connection", b"te", b"trailer", b"transfer-encoding", b"upgrade")
)
_MOST_NAMES = 1_000


class _Special(dict[bytes, bytes]):
    """By a header's name, as it is spelled: the name in lower case when the header is not passed on as it is, or nothing."""

    def __init__(self, names: Collection[bytes]) -> None:
        super().__init__()
        self._names = names

    def __missing__(self, name: bytes) -> bytes:
        lower = name.lower()
        special = lower if lower in self._names else b""
        if len(self) < _MOST_NAMES:
            self[name] = special
        return special


OF_REQUEST = _Special(
    {
        *(*_HOP_BY_HOP, b"host", b"expect", b"content-length"),
        *(b"x-forwarded-for", b"x-forwarded-proto", b"x-forwarded-port", b"x-amzn-trace-id"),
    }
)
OF_ANSWER = _Special({*_HOP_BY_HOP, b"date", b"content-length"})


class Head:
    """The headers of a message, as they come."""

    __slots__ = ("_names", "lines", "special")

    def __init__(self, names: _Special) -> None:
        self._names = names
        # Those that are passed on as they are.
        self.lines: list[bytes] = []
        # By their names in lower case.
        self.special: dict[bytes, bytes] = {}

    def add(self, name: bytes, value: bytes) -> None:
        special = self._names[name]
        if special:
            self.special[special] = value
        else:
            self.lines.append(b"%b: %b" % (name, value))

    def header(self, name: str) -> str | None:
        """@param name in lower case"""
        wanted = name.encode()
        for line in self.lines:
            given, _, value = line.partition(b": ")
            if given.lower() == wanted:
                return value.decode("latin-1")
        special = self.special.get(wanted)
        return special.decode("latin-1") if special is not None else None

    def chunked(self) -> bool:
        coding = self.special.get(b"transfer-encoding")
        return coding is not None and coding.lower().endswith(b"chunked")

    def length(self) -> bytes | None:
        return None if b"transfer-encoding" in self.special else self.special.get(b"content-length")


@dataclass(frozen=True)
class Own:
    """An answer of the load balancer itself."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=lambda: {"Content-Type": "text/plain"})


def failure(status: int, message: str) -> Own:
    return Own(status, json.dumps({"message": message}).encode(), {"Content-Type": "application/json"})


def _traced(given: bytes | None) -> bytes:
    own = b"1-%08x-%024x" % (int(time.time()), random.getrandbits(96))
    if not given:
        return b"Root=" + own
    parts = [part.strip() for part in given.split(b";") if part.strip()]
    if any(part.startswith(b"Self=") for part in parts):
        parts = [b"Self=" + own if part.startswith(b"Self=") else part for part in parts]
    else:
        parts.insert(0, (b"Self=" if any(part.startswith(b"Root=") for part in parts) else b"Root=") + own)
    return b";".join(parts)


def _forwarded_for(mode: str, given: bytes | None, client: bytes) -> bytes | None:
    if mode == "preserve":
        return given
    if mode == "remove":
        return None
    return b"%b, %b" % (given, client) if given else client


def _host_of_target(host: bytes, port: int) -> bytes:
    """The client's port is dropped at listener port 80 or 443, and is the listener's at any other."""
    name, separator, given = host.rpartition(b":")
    if not (separator and given.isdigit()):
        name = host
    return name if port in (80, 443) else b"%b:%d" % (name, port)


def request_head(method: bytes, target: bytes, head: Head, way: Way, client: bytes) -> bytes:
    """@param client address of the client"""
    given = head.special
    host = given.get(b"host", b"")
    lines = [
        b"%b %b HTTP/1.1\r\nhost: %b" % (method, target, host if way.keeps_host else _host_of_target(host, way.port)),
        *head.lines,
        b"x-forwarded-proto: %b\r\nx-forwarded-port: %d" % (way.protocol.encode(), way.port),
        b"x-amzn-trace-id: " + _traced(given.get(b"x-amzn-trace-id")),
    ]
    forwarded = _forwarded_for(way.forwarded_for, given.get(b"x-forwarded-for"), client)
    if forwarded is not None:
        lines.append(b"x-forwarded-for: " + forwarded)
    length = head.length()
    if head.chunked():
        lines.append(b"transfer-encoding: chunked")
    elif length is not None or method in (b"POST", b"PUT", b"PATCH"):
        lines.append(b"content-length: " + (length or b"0"))
    lines.append(b"\r\n")
    return b"\r\n".join(lines)


def answer_head(status: int, head: Head, way: Way | None, chunked: bool, closes: bool) -> bytes:
    """
    @param chunked the body comes in chunks: otherwise with the length that the head tells, or up to the end of the connection
    @param closes the connection ends with the answer
    """
    lines = [_status_line(status), _date()]
    if way and way.added:
        added = {name.lower().encode() for name in way.added}
        lines += [line for line in head.lines if line.partition(b":")[0].lower() not in added]
        lines += [f"{name}: {value}".encode() for name, value in way.added.items()]
    else:
        lines += head.lines
    length = head.length()
    if chunked:
        lines.append(b"transfer-encoding: chunked")
    elif length is not None:
        lines.append(b"content-length: " + length)
    if closes:
        lines.append(b"connection: close")
    lines.append(b"\r\n")
    return b"\r\n".join(lines)


def own_head(own: Own, way: Way | None, closes: bool) -> bytes:
    head = Head(OF_ANSWER)
    if not way or way.names_itself:
        head.add(b"Server", b"awselb/2.0")
    for name, value in own.headers.items():
        head.add(name.encode(), value.encode())
    head.add(b"content-length", b"%d" % len(own.body))
    return answer_head(own.status, head, way, False, closes)


def redirect(config: Record, way: Way, host: str, path: str, query: str) -> Own:
    """ "RedirectActionConfig": each part is that of the request unless it is given; the port is always told."""
    given = {
        "#{protocol}": way.protocol,
        "#{host}": host,
        "#{port}": str(way.port),
        "#{path}": path.lstrip("/"),
        "#{query}": query,
    }

    def part(name: str, default: str) -> str:
        text = str(config.get(name, default))
        for placeholder, value in given.items():
            text = text.replace(placeholder, value)
        return text

    told = part("Query", "#{query}")
    location = f"{part('Protocol', '#{protocol}').lower()}://{part('Host', '#{host}')}:{part('Port', '#{port}')}"
    location += part("Path", "/#{path}") + (f"?{told}" if told else "")
    status = int(str(config.get("StatusCode", "HTTP_301")).removeprefix("HTTP_"))
    return Own(status, headers={"Location": location, "Content-Type": "text/plain"})


_status_lines = {each.value: f"HTTP/1.1 {each.value} {each.phrase}".encode() for each in HTTPStatus}
_dates: dict[int, bytes] = {}


def _status_line(status: int) -> bytes:
    return _status_lines.get(status) or b"HTTP/1.1 %d " % status


def _date() -> bytes:
    now = int(time.time())
    if now not in _dates:
        _dates.clear()
        _dates[now] = b"date: " + formatdate(now, usegmt=True).encode()
    return _dates[now]
