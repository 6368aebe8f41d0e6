"""The load balancers in a process of their own, as the emulator's own process sees them.

In the emulator's process each request of a visitor would wait for requests of all other services, and
each piece of an answer would go through the same interpreter.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from conversation import Child

from .listeners import Changes
from .measured import Measurement

BACKLOG = 2048
_PROGRAM = Path(__file__).resolve().parent.parent / "load_balancers.py"


class BalancerProcess:
    """May be called in any thread."""

    def __init__(self, ports: Mapping[str, socket.socket], named: Callable[[str], str | None]) -> None:
        """
        @param ports `own` and `web`, which the process takes over
        @param named answers the ARN of the load balancer to which hosted zones lead a host
        """
        for listening in ports.values():
            # Who connects before the process is ready waits for it.
            listening.listen(BACKLOG)
        descriptors = {name: listening.fileno() for name, listening in ports.items()}
        begin = {"ports": descriptors}
        answer = lambda question: named(question["about"])  # noqa: E731
        self._child = Child(_PROGRAM, begin, answer, passed=list(descriptors.values()))
        for listening in ports.values():
            listening.close()

    def learn(self, changes: Changes, late: Mapping[str, Any]) -> None:
        """Requests that come afterwards are served by it."""
        self._child.done("learn", changes, late)

    def measured(self) -> list[Measurement]:
        """What was counted since the last time."""
        return [(minute, *rest) for minute, *rest in self._child.done("measured")]

    def forget(self) -> None:
        """After a reset of the emulator: nothing was counted, and chance begins anew."""
        self._child.done("forget")
