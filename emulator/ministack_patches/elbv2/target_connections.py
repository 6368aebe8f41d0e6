"""A load balancer keeps its connections to a target open, and sends the next request over one that is free.

AWS: "How Elastic Load Balancing works" (Elastic Load Balancing User Guide)
AWS: "Application Load Balancers" (User Guide for Application Load Balancers)
AWS: "Troubleshoot your Application Load Balancers" (User Guide for Application Load Balancers)
Test: target-connections.test.ts: requests in a row reach a target over one connection, and another one when it has closed that
Test: target-connections.test.ts: a target that ends the connection instead of an answer is a 502, and a cut answer stays cut
Test: target-connections.test.ts: answers without a body, of unknown length and after an interim one arrive as they are

An HTTP/1.1 connection to a target is kept for 60 seconds. The connection's own headers are not passed on. 502 when the
target cannot be reached or ends the connection instead of an answer, 504 when it answers nothing in time. A request
that may be repeated (RFC 9110, 9.2.2) is, when the target has closed a kept connection at the same moment. MiniStack
opens a connection for each request and reads it in threads, which takes most of the time of a small page.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections import deque
from email.utils import formatdate
from typing import Any, cast
from urllib.parse import urlencode

import httptools
from ministack.core.responses import StreamingResponse
from ministack.services import alb

from ..patch import Patch
from ..shapes import Answer, Record

_KEPT_SECONDS = 55.0
_MOST_UNREAD = 1_048_576
_REPEATABLE = ("GET", "HEAD", "OPTIONS", "TRACE")
_HOP_BY_HOP = ("connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade")
_LEFT_OUT = (*_HOP_BY_HOP, "content-length", "expect")

Address = tuple[str, int]

PATCH = Patch(__name__)


class _Ended(Exception):
    """The target has ended the connection instead of an answer."""

    def __init__(self, repeatable: bool) -> None:
        super().__init__("the target closed the connection")
        # Nothing of an answer had come over a connection that was kept.
        self.repeatable = repeatable


class _Reply:
    """What a target answers one request, as it arrives."""

    def __init__(self) -> None:
        self.status = 0
        self.headers: list[tuple[str, str]] = []
        self.begun: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.complete = self.lost = False
        self._chunks: deque[bytes] = deque()
        self._unread = 0
        self._arrived = asyncio.Event()

    @property
    def full(self) -> bool:
        return self._unread > _MOST_UNREAD

    def add(self, chunk: bytes) -> None:
        self._chunks.append(chunk)
        self._unread += len(chunk)
        self._arrived.set()

    def end(self, complete: bool) -> None:
        self.complete, self.lost = complete, not complete
        self._arrived.set()

    def taken(self) -> bytes:
        taken = b"".join(self._chunks)
        self._chunks.clear()
        self._unread = 0
        self._arrived.clear()
        return taken

    async def more(self) -> None:
        if not (self.complete or self.lost):
            await self._arrived.wait()


class _Connection(asyncio.Protocol):
    """One connection to a target, with one request at a time."""

    def __init__(self, at: Address) -> None:
        self._at = at
        self._transport: asyncio.Transport | None = None
        self._reply: _Reply | None = None
        self._used = False
        self._interim = self._bodiless = False
        self.free_since = 0.0

    @property
    def usable(self) -> bool:
        lives = self._transport is not None and not self._transport.is_closing()
        return lives and time.monotonic() < self.free_since + _KEPT_SECONDS

    def ask(self, request: bytes, bodiless: bool) -> _Reply:
        """@param bodiless the answer has no body, whatever length it tells: that of a HEAD"""
        self._reply = reply = _Reply()
        self._parser = httptools.HttpResponseParser(self)
        self._bodiless, self._framed = bodiless, False
        if self._transport:
            self._transport.write(request)
        return reply

    def read_on(self) -> None:
        if self._transport and not self._transport.is_closing():
            self._transport.resume_reading()

    def close(self) -> None:
        if self._transport:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports have all methods of asyncio's, and are no subclass.
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        if not self._reply:
            self.close()
            return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self.close()
        if self._reply and self._reply.full and self._transport and not self._transport.is_closing():
            self._transport.pause_reading()

    def connection_lost(self, _: Exception | None) -> None:
        free = _free.get(self._at, [])
        if self in free:
            free.remove(self)
        reply, self._reply = self._reply, None
        if not reply:
            return
        if not reply.begun.done():
            reply.begun.set_exception(_Ended(self._used and not reply.status))
        # Without a length, the end of the connection is the end of the answer.
        reply.end(complete=reply.begun.done() and not reply.begun.exception() and not self._framed)

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._reply:
            self._reply.headers.append((name.decode("latin-1").lower(), value.decode("latin-1")))

    def on_headers_complete(self) -> None:
        reply, status = self._reply, self._parser.get_status_code()
        if not reply:
            return
        self._interim = 100 <= status < 200
        if self._interim:
            reply.headers.clear()
            return
        reply.status = status
        self._framed = any(name in ("content-length", "transfer-encoding") for name, _ in reply.headers)
        if not reply.begun.done():
            reply.begun.set_result(None)
        if self._bodiless:
            self._finish(kept=False)

    def on_body(self, chunk: bytes) -> None:
        if self._reply:
            self._reply.add(chunk)

    def on_message_complete(self) -> None:
        if not self._interim:
            self._finish(kept=self._parser.should_keep_alive())

    def _finish(self, kept: bool) -> None:
        reply, self._reply = self._reply, None
        if not reply:
            return
        reply.end(complete=True)
        if not kept:
            self.close()
            return
        self.read_on()
        self._used, self.free_since = True, time.monotonic()
        _free.setdefault(self._at, []).append(self)


# By address; the last one is the one that was used last.
_free: dict[Address, list[_Connection]] = {}


async def _connection(at: Address, kept: bool) -> _Connection:
    """@throws OSError, asyncio.TimeoutError"""
    free = _free.get(at, [])
    while kept and free:
        connection = free.pop()
        if connection.usable:
            return connection
        connection.close()
    opening = asyncio.get_running_loop().create_connection(lambda: _Connection(at), *at)
    _, opened = await asyncio.wait_for(opening, alb.TARGET_CONNECT_TIMEOUT)
    return opened


async def _asked(at: Address, method: str, request: bytes) -> tuple[_Connection, _Reply]:
    """The answer has begun. @throws _Ended, asyncio.TimeoutError, ConnectionError when there is no connection"""
    for kept in (True, False):
        try:
            connection = await _connection(at, kept)
        except (OSError, asyncio.TimeoutError) as failure:
            raise ConnectionError(str(failure) or "timed out") from failure
        reply = connection.ask(request, method == "HEAD")
        try:
            await asyncio.wait_for(reply.begun, alb.TARGET_IDLE_TIMEOUT)
        except _Ended as ended:
            if ended.repeatable and kept and method in _REPEATABLE:
                continue
            raise
        except BaseException:
            connection.close()
            raise
        return connection, reply
    raise AssertionError("a new connection is no kept one")


def _encoded(method: str, target: str, headers: dict[str, Any], body: bytes) -> bytes:
    lines = [f"{method} {target} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in headers.items() if name.lower() not in _LEFT_OUT]
    if body or method in ("POST", "PUT", "PATCH"):
        lines.append(f"content-length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1", errors="replace") + body


def _passed_on(headers: list[tuple[str, str]]) -> dict[str, Any]:
    """With one value or several: fields such as Set-Cookie are not joined."""
    fields: dict[str, Any] = {}
    for name, value in headers:
        if name not in _HOP_BY_HOP:
            fields.setdefault(name, []).append(value)
    return {name: values[0] if len(values) == 1 else values for name, values in fields.items()}


def _own(status: int, message: str) -> Answer:
    return status, {"Content-Type": "application/json"}, json.dumps({"message": message}).encode()


@PATCH.replaces("ministack.services.alb._proxy_http_target", digest="baeecced")
async def _proxy_http_target(
    target: Record,
    group: Record,
    method: str,
    path: str,
    headers: dict[str, Any],
    body: bytes | str | None,
    query_params: dict[str, Any],
    raw_query_string: str | None = None,
) -> Answer:
    at = str(target.get("Id", "")), int(target.get("Port") or group.get("Port") or 80)
    query = urlencode(query_params or {}, doseq=True) if raw_query_string is None else raw_query_string
    content = body.encode() if isinstance(body, str) else bytes(body or b"")
    request = _encoded(method.upper(), path + (f"?{query}" if query else ""), headers, content)
    where = f"Target {at[0]}:{at[1]}"
    try:
        connection, reply = await _asked(at, method.upper(), request)
    except ConnectionError as failure:
        return _own(502, f"{where} connect error: {failure}")
    except asyncio.TimeoutError:
        return _own(504, f"{where} did not answer in time")
    except _Ended as ended:
        return _own(502, f"{where}: {ended}")
    # The load balancer writes its own Date in place of the target's.
    told = {**_passed_on(reply.headers), "date": formatdate(usegmt=True)}

    async def stream(send: Any, receive: Any) -> None:
        await _streamed(connection, reply, send, receive)

    return reply.status, told, StreamingResponse(stream)


async def _streamed(connection: _Connection, reply: _Reply, send: Any, receive: Any) -> None:
    if reply.complete:
        await send({"type": "http.response.body", "body": reply.taken(), "more_body": False})
        return
    left = asyncio.ensure_future(alb._await_http_disconnect(receive))
    try:
        while True:
            more = asyncio.ensure_future(reply.more())
            await asyncio.wait({more, left}, return_when=asyncio.FIRST_COMPLETED)
            more.cancel()
            if left.done():
                connection.close()
                return
            await send({"type": "http.response.body", "body": reply.taken(), "more_body": not reply.complete})
            if reply.complete or reply.lost:
                # Without the last frame, the answer is cut.
                return
            connection.read_on()
    finally:
        left.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await left
