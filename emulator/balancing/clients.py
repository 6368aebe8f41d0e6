"""Connections of clients: each request is led to a target, and what arrives of a body is passed on at once.

AWS: "Application Load Balancers" (User Guide for Application Load Balancers)
AWS: "Troubleshoot your Application Load Balancers" (User Guide for Application Load Balancers)

502 when the target cannot be reached or ends the connection instead of an answer, 503 when there is no target, 504 when
the target answers nothing in time. A request that may be repeated (RFC 9110, 9.2.2) is, when the target has closed a
kept connection at the same moment.

Left out: Lambda functions as targets, and authentication by the load balancer, which are answered 501.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import httptools

from . import targets
from .connections import Connection
from .heads import OF_REQUEST, Head, Own, answer_head, failure, own_head, redirect, request_head
from .listeners import Listeners, Record, Way
from .measured import Measured
from .targets import Address, Target

_ANSWER_SECONDS = float(os.environ.get("ALB_TARGET_IDLE_TIMEOUT_SECONDS", "60"))
_IDLE_SECONDS = 75.0
_REPEATABLE = (b"GET", b"HEAD", b"OPTIONS", b"TRACE")
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


@dataclass(frozen=True)
class Port:
    """One of the ports at which clients arrive."""

    known: Listeners
    measured: Measured
    # ARN of the load balancer that a host leads to.
    named: Callable[[str], Awaitable[str | None]] | None
    # What is answered when it leads to none.
    missing: Own

    async def load_balancer(self, host: str) -> Record | None:
        arn = await self.named(host) if self.named else None
        return self.known.load_balancer(arn) if arn else None


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


class _Exchange:
    """A request and its answer."""

    _way: Way | None = None
    _group = ""
    _at: Address = ("", 0)
    _target: Target | None = None
    _request = b""
    _sent_at = 0.0
    _silence: asyncio.TimerHandle | None = None
    _chunks = False
    begun = received = over = cut = False

    def __init__(self, client: Client, method: bytes, url: bytes, head: Head, keeps: bool, old: bool) -> None:
        """@param keeps the connection is kept afterwards; @param old the client knows HTTP/1.0 only"""
        self._client = client
        self._port = client.port
        self._method = method
        self._url = url
        self._head = head
        self._old = old
        self._unsent: list[bytes] = []
        self._unwritten: list[bytes] = []
        self._chunks_come = head.chunked()
        self.host = head.special.get(b"host", b"").decode("latin-1").partition(":")[0]
        self.keeps = keeps

    # What conditions of rules ask

    @property
    def method(self) -> str:
        return self._method.decode()

    @property
    def path(self) -> str:
        return self._url.decode("latin-1").partition("?")[0]

    @property
    def query(self) -> str:
        return self._url.decode("latin-1").partition("?")[2]

    def header(self, name: str) -> str | None:
        return self._head.header(name)

    # What the client sends

    def add(self, chunk: bytes) -> None:
        if not self.over:
            self._unsent.append(_chunk(chunk) if self._chunks_come else chunk)

    def receive_end(self) -> None:
        self.received = True
        if self._chunks_come and not self.over:
            self._unsent.append(b"0\r\n\r\n")

    def begin(self) -> None:
        self.begun = True
        if b"expect" in self._head.special:
            self._client.write(_CONTINUE)
        if self._port.named:
            self._client.run(self._lead_by_name())
        else:
            self._lead(self._port.known.by_rule(self.host))

    def send_on(self) -> None:
        if self._target and self._unsent:
            self._target.write(b"".join(self._unsent))
            self._unsent.clear()
            self._request = b""

    def leave(self) -> None:
        """The client is gone."""
        self._end_silence()
        self.over = True
        if self._target:
            self._target.close()

    def hold_target(self, held: bool) -> None:
        if self._target:
            self._target.hold(held)

    # The way to a target

    async def _lead_by_name(self) -> None:
        self._lead(await self._port.load_balancer(self.host))
        self._client.go_on()

    def _lead(self, load_balancer: Record | None) -> None:
        if not load_balancer:
            self._answer(self._port.missing)
            return
        self._way = way = self._port.known.way(load_balancer)
        if not way:
            self._answer(failure(503, f"No listeners configured for '{load_balancer['LoadBalancerName']}'"))
            return
        action = self._port.known.action(way.listener, self)
        kind = action.get("Type", "").lower() if action else ""
        if not action:
            self._answer(failure(502, "No matching ALB rule found"))
        elif kind == "forward":
            self._forward(action, way)
        elif kind == "fixed-response":
            config = action.get("FixedResponseConfig", {})
            headers = {"Content-Type": config.get("ContentType", "text/plain")}
            body = str(config.get("MessageBody", "")).encode()
            self._answer(Own(int(config.get("StatusCode", "200")), body, headers))
        elif kind == "redirect":
            self._answer(redirect(action.get("RedirectConfig", {}), way, self.host, self.path, self.query))
        else:
            self._answer(failure(501, f"The emulated load balancer does not do {kind}"))

    def _forward(self, action: Record, way: Way) -> None:
        known = self._port.known
        self._group, group = known.group(action)
        target = known.target(self._group)
        if not group:
            self._answer(failure(502, f"Target group '{self._group}' not found"))
        elif group.get("TargetType") == "lambda":
            self._answer(failure(501, "The emulated load balancer does not call functions"))
        elif not target:
            self._answer(failure(503, "No registered targets in target group"))
        else:
            self._at = str(target.get("Id", "")), int(target.get("Port") or group.get("Port") or 80)
            self._request = request_head(self._method, self._url, self._head, way, self._client.address)
            self._send(targets.kept(self._at))

    def _send(self, kept: Target | None) -> None:
        if kept:
            self._send_over(kept)
        else:
            self._client.run(self._open())

    async def _open(self) -> None:
        try:
            target = await targets.opened(self._at)
        except (OSError, asyncio.TimeoutError) as reason:
            self._fail(502, f"connect error: {reason or 'timed out'}", connected=False)
            self._client.go_on()
            return
        if self.over:
            target.close()
        else:
            self._send_over(target)

    def _send_over(self, target: Target) -> None:
        self._target = target
        self._sent_at = time.monotonic()
        self._request += b"".join(self._unsent)
        self._unsent.clear()
        self._silence = asyncio.get_running_loop().call_later(_ANSWER_SECONDS, self._silent)
        target.ask(self, self._request, self._method == b"HEAD")

    # What the target answers

    def answered(self, status: int, head: Head) -> None:
        self._end_silence()
        self._request = b""
        if self._way:
            seconds = time.monotonic() - self._sent_at
            self._port.measured.answered(self._way.load_balancer["LoadBalancerArn"], self._group, status, seconds)
        is_endless = head.length() is None and self._method != b"HEAD" and status not in (204, 304)
        self._chunks = is_endless and not self._old
        # Whoever does not know chunks is told the end by the end of the connection.
        self.keeps = self.keeps and self.received and (self._chunks or not is_endless)
        self._unwritten.append(answer_head(status, head, self._way, self._chunks, not self.keeps))

    def part(self, chunk: bytes) -> None:
        self._unwritten.append(_chunk(chunk) if self._chunks else chunk)

    def ended(self, complete: bool) -> None:
        if self._chunks and complete:
            self._unwritten.append(b"0\r\n\r\n")
        self.over, self.cut = True, not complete
        if not self.received and self._target:
            # The target will take what is left of the body for a request.
            self._target.close()

    def arrived(self) -> None:
        if self._unwritten:
            self._client.write(b"".join(self._unwritten))
            self._unwritten.clear()
        if self.over:
            self._client.go_on()

    def unanswered(self, kept: bool) -> None:
        self._end_silence()
        self._target = None
        if kept and self._request and self._method in _REPEATABLE:
            self._send(None)
            return
        self._fail(502, "the target closed the connection")
        self._client.go_on()

    def hold(self, held: bool) -> None:
        self._client.hold(held)

    def _silent(self) -> None:
        if self._target:
            self._target.close()
        self._fail(504, "did not answer in time")
        self._client.go_on()

    def _fail(self, status: int, reason: str, connected: bool = True) -> None:
        if self._way:
            self._port.measured.unanswered(self._way.load_balancer["LoadBalancerArn"], self._group, connected)
        self._answer(failure(status, f"Target {self._at[0]}:{self._at[1]} {reason}"))

    def _answer(self, own: Own) -> None:
        if self.over:
            return
        self.over = True
        self.keeps = self.keeps and self.received
        body = b"" if self._method == b"HEAD" else own.body
        self._client.write(own_head(own, self._way, not self.keeps) + body)

    def _end_silence(self) -> None:
        if self._silence:
            self._silence.cancel()
            self._silence = None


class Client(Connection):
    """One connection. Requests that come before the last one is answered wait, and the client with them."""

    def __init__(self, port: Port) -> None:
        super().__init__()
        self.port = port
        self.address = b"127.0.0.1"
        self._parser = httptools.HttpRequestParser(self)
        self._exchanges: deque[_Exchange] = deque()
        self._coming: _Exchange | None = None
        self._url = b""
        self._head = Head(OF_REQUEST)
        self._idle: asyncio.TimerHandle | None = None
        self._active_at = 0.0
        self._running: set[asyncio.Task[None]] = set()

    def run(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    def go_on(self) -> None:
        """Begins with the next request when one is over."""
        while self._exchanges:
            first = self._exchanges[0]
            if not first.begun:
                first.begin()
            elif not first.over:
                first.send_on()
                return
            if not first.over:
                return
            self._exchanges.popleft()
            if first.cut or not first.keeps:
                self._close()
                return
            self._active_at = time.monotonic()
        self.hold(False)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        peer = transport.get_extra_info("peername")
        self.address = str(peer[0]).encode() if peer else self.address
        self._active_at = time.monotonic()
        self._idle = asyncio.get_running_loop().call_later(_IDLE_SECONDS, self._look)

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            # Answered as if nothing else were asked for.
            if self._coming:
                self._coming.keeps = False
                self.on_message_complete()
        except httptools.HttpParserError:
            self.write(own_head(failure(400, "Bad Request"), None, closes=True))
            self._close()
            return
        if len(self._exchanges) > 1:
            self.hold(True)
        self.go_on()

    def eof_received(self) -> None:
        """The connection is closed: nobody waits for an answer."""

    def pause_writing(self) -> None:
        if self._exchanges:
            self._exchanges[0].hold_target(True)

    def resume_writing(self) -> None:
        if self._exchanges:
            self._exchanges[0].hold_target(False)

    def connection_lost(self, _: Exception | None) -> None:
        if self._idle:
            self._idle.cancel()
        for exchange in self._exchanges:
            exchange.leave()
        self._exchanges.clear()

    def on_url(self, url: bytes) -> None:
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self._head.add(name, value)

    def on_headers_complete(self) -> None:
        parser = self._parser
        old = parser.get_http_version() == "1.0"
        self._coming = _Exchange(self, parser.get_method(), self._url, self._head, parser.should_keep_alive(), old)
        self._exchanges.append(self._coming)
        self._url, self._head = b"", Head(OF_REQUEST)

    def on_body(self, chunk: bytes) -> None:
        if self._coming:
            self._coming.add(chunk)

    def on_message_complete(self) -> None:
        if self._coming:
            self._coming.receive_end()
        self._coming = None

    def _look(self) -> None:
        """One timer for each connection, and none for each request."""
        left = self._active_at + _IDLE_SECONDS - time.monotonic()
        if left <= 0 and not self._exchanges:
            self._close()
            return
        self._idle = asyncio.get_running_loop().call_later(max(left, 1.0), self._look)
