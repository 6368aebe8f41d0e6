"""The heads of requests and answers that a load balancer passes on, and the answers that it makes itself.

AWS: "HTTP headers and Application Load Balancers" (User Guide for Application Load Balancers)
AWS: "Request tracing for your Application Load Balancer" (User Guide for Application Load Balancers)
AWS: "HTTP header modification for your Application Load Balancer" (User Guide for Application Load Balancers)
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from email.utils import formatdate
from http import HTTPStatus

from .listeners import Listeners, Record

# As they came.
Fields = list[tuple[bytes, bytes]]

_HOP_BY_HOP = frozenset(
    (b"connection", b"keep-alive", b"proxy-connection", b"te", b"trailer", b"transfer-encoding", b"upgrade")
)
_FROM_REQUEST = _HOP_BY_HOP | {
    *(b"host", b"expect", b"content-length"),
    *(b"x-forwarded-for", b"x-forwarded-proto", b"x-forwarded-port", b"x-amzn-trace-id"),
}
_FROM_ANSWER = _HOP_BY_HOP | {b"date", b"content-length"}
# Attributes of a listener that add a header to each answer.
_ADDED = {
    f"routing.http.response.{name.lower().replace('-', '_')}.header_value": name
    for name in (
        *("Access-Control-Allow-Origin", "Access-Control-Allow-Methods", "Access-Control-Allow-Headers"),
        *("Access-Control-Allow-Credentials", "Access-Control-Expose-Headers", "Access-Control-Max-Age"),
        *("Strict-Transport-Security", "Content-Security-Policy", "X-Content-Type-Options", "X-Frame-Options"),
    )
}
_NAMES_ITSELF = "routing.http.response.server.enabled"


@dataclass(frozen=True)
class Framing:
    """How the end of a body is told: by its length, by chunks, or by neither."""

    length: bytes | None
    chunked: bool


@dataclass(frozen=True)
class Own:
    """An answer of the load balancer itself."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=lambda: {"Content-Type": "text/plain"})


def failure(status: int, message: str) -> Own:
    return Own(status, json.dumps({"message": message}).encode(), {"Content-Type": "application/json"})


def framing_of(fields: Fields) -> Framing:
    length, chunked = None, False
    for name, value in fields:
        lower = name.lower()
        if lower == b"content-length":
            length = value
        elif lower == b"transfer-encoding":
            chunked = value.lower().endswith(b"chunked")
    return Framing(None if chunked else length, chunked)


def _traced(given: bytes | None) -> bytes:
    own = b"1-%08x-%024x" % (int(time.time()), random.getrandbits(96))
    parts = [part.strip() for part in (given or b"").split(b";") if part.strip()]
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
    return b"%s, %s" % (given, client) if given else client


def _host_of_target(host: bytes, port: int) -> bytes:
    """The client's port is dropped at listener port 80 or 443, and is the listener's at any other."""
    name, separator, given = host.rpartition(b":")
    if not (separator and given.isdigit()):
        name = host
    return name if port in (80, 443) else b"%s:%d" % (name, port)


def request_head(
    method: str,
    target: bytes,
    fields: Fields,
    framing: Framing,
    known: Listeners,
    way: tuple[Record, Record],
    client: bytes,
) -> bytes:
    """
    @param way load balancer and listener
    @param client address of the client
    """
    load_balancer, listener = way
    given = {lower: value for name, value in fields if (lower := name.lower()) in _FROM_REQUEST}
    port = int(listener.get("Port", 80))
    host = given.get(b"host", b"")
    if known.attribute(load_balancer, "routing.http.preserve_host_header.enabled", "false") != "true":
        host = _host_of_target(host, port)
    mode = known.attribute(load_balancer, "routing.http.xff_header_processing.mode", "append")
    forwarded = _forwarded_for(mode, given.get(b"x-forwarded-for"), client)
    lines = [b"%s %s HTTP/1.1" % (method.encode(), target), b"host: " + host]
    lines += [b"%s: %s" % each for each in fields if each[0].lower() not in _FROM_REQUEST]
    if forwarded is not None:
        lines.append(b"x-forwarded-for: " + forwarded)
    lines += [
        b"x-forwarded-proto: " + str(listener.get("Protocol") or "HTTP").lower().encode(),
        b"x-forwarded-port: %d" % port,
        b"x-amzn-trace-id: " + _traced(given.get(b"x-amzn-trace-id")),
    ]
    if framing.chunked:
        lines.append(b"transfer-encoding: chunked")
    elif framing.length is not None or method in ("POST", "PUT", "PATCH"):
        lines.append(b"content-length: " + (framing.length or b"0"))
    return b"\r\n".join([*lines, b"", b""])


def answer_head(
    status: int, fields: Iterable[tuple[bytes, bytes]], framing: Framing, attributes: list[Record], closes: bool
) -> bytes:
    """@param attributes of the listener; @param closes the connection ends with the answer"""
    added = {_ADDED[each["Key"]]: str(each["Value"]) for each in attributes if each["Key"] in _ADDED and each["Value"]}
    left_out = _FROM_ANSWER | {name.lower().encode() for name in added} if added else _FROM_ANSWER
    lines = [_status_line(status), _date()]
    lines += [b"%s: %s" % each for each in fields if each[0].lower() not in left_out]
    lines += [f"{name}: {value}".encode() for name, value in added.items()]
    if framing.length is not None:
        lines.append(b"content-length: " + framing.length)
    elif framing.chunked:
        lines.append(b"transfer-encoding: chunked")
    if closes:
        lines.append(b"connection: close")
    return b"\r\n".join([*lines, b"", b""])


def own_head(own: Own, attributes: list[Record], closes: bool) -> bytes:
    named = (
        {} if any(each == {"Key": _NAMES_ITSELF, "Value": "false"} for each in attributes) else {"Server": "awselb/2.0"}
    )
    fields = [(name.encode(), value.encode()) for name, value in {**named, **own.headers}.items()]
    return answer_head(own.status, fields, Framing(b"%d" % len(own.body), False), attributes, closes)


def redirect(config: Record, listener: Record, host: str, path: str, query: str) -> Own:
    """ "RedirectActionConfig": each part is that of the request unless it is given; the port is always told."""
    given = {
        "#{protocol}": str(listener.get("Protocol") or "HTTP").lower(),
        "#{host}": host,
        "#{port}": str(listener.get("Port", 80)),
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
