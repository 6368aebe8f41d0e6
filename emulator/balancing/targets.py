"""Connections to targets. One is kept open, and the next request goes over it when it is free.

AWS: "How Elastic Load Balancing works" (Elastic Load Balancing User Guide)
AWS: "Application Load Balancers" (User Guide for Application Load Balancers)

An HTTP/1.1 connection to a target is kept for 60 seconds.
"""

from __future__ import annotations

import asyncio
import os
import time
from typing import Protocol

import httptools

from .connections import Connection
from .heads import OF_ANSWER, Head

Address = tuple[str, int]

# MiniStack's own settings.
_CONNECT_SECONDS = float(os.environ.get("ALB_TARGET_CONNECT_TIMEOUT_SECONDS", "10"))
_KEPT_SECONDS = 55.0


class Asking(Protocol):
    """Who has sent a request, and hears what the target answers."""

    def answered(self, status: int, head: Head) -> None: ...

    def part(self, chunk: bytes) -> None: ...

    def arrived(self) -> None:
        """What came together has been told."""

    def ended(self, complete: bool) -> None:
        """The answer is over, or cut."""

    def unanswered(self, kept: bool) -> None:
        """The target has ended the connection instead of an answer; `kept` while it was kept for the next request."""

    def hold(self, held: bool) -> None:
        """The target is slower than who sends it a body, or is no longer."""


class Target(Connection):
    """One connection to a target, with one request at a time."""

    def __init__(self, at: Address) -> None:
        super().__init__()
        self._at = at
        self._asking: Asking | None = None
        self._head = Head(OF_ANSWER)
        self._status = 0
        self._used = self._interim = self._bodiless = self._framed = self._answering = False
        self._free_since = 0.0

    @property
    def usable(self) -> bool:
        return self.lives and time.monotonic() < self._free_since + _KEPT_SECONDS

    def ask(self, asking: Asking, request: bytes, bodiless: bool) -> None:
        """@param bodiless the answer has no body, whatever length it tells: that of a HEAD"""
        self._asking = asking
        self._parser = httptools.HttpResponseParser(self)
        self._head = Head(OF_ANSWER)
        self._bodiless, self._framed, self._answering = bodiless, False, False
        self.write(request)

    def close(self) -> None:
        """Nobody hears of what the target still answers."""
        self._asking = None
        self._close()

    def data_received(self, data: bytes) -> None:
        asking = self._asking
        if not asking:
            self.close()
            return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self._close()
        asking.arrived()

    def pause_writing(self) -> None:
        if self._asking:
            self._asking.hold(True)

    def resume_writing(self) -> None:
        if self._asking:
            self._asking.hold(False)

    def connection_lost(self, _: Exception | None) -> None:
        free = _free.get(self._at, [])
        if self in free:
            free.remove(self)
        asking, self._asking = self._asking, None
        if not asking:
            return
        if self._answering:
            # Without a length, the end of the connection is the end of the answer.
            asking.ended(complete=not self._framed)
            asking.arrived()
        else:
            asking.unanswered(self._used and not self._status)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._head.add(name, value)

    def on_headers_complete(self) -> None:
        status = self._parser.get_status_code()
        head, self._head = self._head, Head(OF_ANSWER)
        self._interim = 100 <= status < 200
        if self._interim or not self._asking:
            return
        self._status = status
        self._framed = head.chunked() or head.length() is not None
        self._answering = True
        self._asking.answered(status, head)
        if self._bodiless:
            self._finish(kept=False)

    def on_body(self, chunk: bytes) -> None:
        if self._asking:
            self._asking.part(chunk)

    def on_message_complete(self) -> None:
        if not self._interim:
            self._finish(kept=self._parser.should_keep_alive())

    def _finish(self, kept: bool) -> None:
        asking, self._asking = self._asking, None
        if not asking:
            return
        asking.ended(complete=True)
        if not kept:
            self.close()
            return
        self.hold(False)
        self._used, self._status, self._free_since = True, 0, time.monotonic()
        _free.setdefault(self._at, []).append(self)


# By address; the last one is the one that was used last.
_free: dict[Address, list[Target]] = {}


def kept(at: Address) -> Target | None:
    """A connection that is free."""
    free = _free.get(at, [])
    while free:
        target = free.pop()
        if target.usable:
            return target
        target.close()
    return None


async def opened(at: Address) -> Target:
    """@throws OSError, asyncio.TimeoutError"""
    opening = asyncio.get_running_loop().create_connection(lambda: Target(at), *at)
    _, target = await asyncio.wait_for(opening, _CONNECT_SECONDS)
    return target
