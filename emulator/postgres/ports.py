"""Ports stand for the addresses that RDS makes of instances' names: one a name, for as long as somebody may ask for it."""

from __future__ import annotations

import socket


class Ports:
    """A port is reserved by a socket that is bound to it and does not listen. Connections to it are refused."""

    def __init__(self) -> None:
        self._reserved: dict[str, socket.socket] = {}
        # Names that an instance has given up for another one.
        self._given_up: set[str] = set()

    def listening(self, name: str) -> socket.socket:
        reserved = self._reserved.pop(name, None)
        listening = _bound(reserved.getsockname()[1] if reserved else 0)
        if reserved:
            reserved.close()
        listening.listen(128)
        listening.setblocking(False)
        return listening

    def reserve(self, name: str, port: int) -> None:
        """For the next instance of that name. Another socket of this process may still listen at the port."""
        self._given_up.add(name)
        if name not in self._reserved:
            self._reserved[name] = _bound(port)

    def keep(self, name: str, port: int) -> None:
        """Reserves the port of a name again that its former instance may come back to. Others are given back."""
        if name in self._given_up:
            self.reserve(name, port)


def _bound(port: int) -> socket.socket:
    """0: any port that nobody has."""
    bound = socket.socket()
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    bound.bind(("127.0.0.1", port))
    return bound
