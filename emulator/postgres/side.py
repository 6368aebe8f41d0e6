"""One side of a connection through the front: read by messages first, then joined to the other side.

What one side of a joined pair sends is written to the other one where it arrives, without a task or
a copy between them: each query and each answer passes here.
"""

from __future__ import annotations

import asyncio
from typing import cast

# The longest message that the front itself reads is a password of 65,536 bytes.
_MOST_UNREAD = 131_072


class Side(asyncio.Protocol):
    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._unread = bytearray()
        self._arrived = asyncio.Event()
        self._lost = asyncio.Event()
        self._other: Side | None = None
        # While the other side is slower than this one.
        self._held = False

    async def read(self, count: int) -> bytes:
        """Exactly so many bytes. @throws EOFError when fewer come"""
        while len(self._unread) < count:
            if self._lost.is_set():
                raise EOFError
            self._arrived.clear()
            await self._arrived.wait()
        taken = bytes(self._unread[:count])
        del self._unread[:count]
        return taken

    def write(self, data: bytes) -> None:
        if self._transport and not self._transport.is_closing():
            self._transport.write(data)

    def close(self) -> None:
        """What was written before is sent."""
        if self._transport:
            self._transport.close()

    async def joined(self, other: Side) -> None:
        """Passes bytes in both directions until both sides have ended: the end of one is the end of the other."""
        self._join(other)
        other._join(self)
        await self._lost.wait()
        await other._lost.wait()

    def _join(self, other: Side) -> None:
        self._other = other
        if self._unread:
            other.write(bytes(self._unread))
            self._unread.clear()
        self._hold(False)
        if self._lost.is_set():
            other.close()

    def _hold(self, held: bool) -> None:
        if self._transport and not self._transport.is_closing() and held != self._held:
            self._held = held
            (self._transport.pause_reading if held else self._transport.resume_reading)()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports have all methods of asyncio's, and are no subclass.
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        if self._other:
            self._other.write(data)
            return
        self._unread += data
        self._arrived.set()
        if len(self._unread) > _MOST_UNREAD:
            self._hold(True)

    def connection_lost(self, _: Exception | None) -> None:
        self._lost.set()
        self._arrived.set()
        if self._other:
            self._other.close()

    def pause_writing(self) -> None:
        if self._other:
            self._other._hold(True)

    def resume_writing(self) -> None:
        if self._other:
            self._other._hold(False)
