"""What connections of clients and of targets have in common."""

from __future__ import annotations

import asyncio
from typing import cast


class Connection(asyncio.Protocol):
    """Nothing is written to one that is about to close."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._held = False

    @property
    def lives(self) -> bool:
        return self._transport is not None and not self._transport.is_closing()

    def write(self, data: bytes) -> None:
        if self._transport and not self._transport.is_closing():
            self._transport.write(data)

    def hold(self, held: bool) -> None:
        """@param held while the other side is faster than whoever takes what it sends"""
        if self._transport and not self._transport.is_closing() and held != self._held:
            self._held = held
            (self._transport.pause_reading if held else self._transport.resume_reading)()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports have all methods of asyncio's, and are no subclass.
        self._transport = cast("asyncio.Transport", transport)

    def _close(self) -> None:
        """What was written before is sent."""
        if self._transport:
            self._transport.close()
