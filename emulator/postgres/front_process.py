"""The front in a process of its own, as the emulator's own process sees it.

Each byte of a query passes through the front. In the emulator's process it would wait for the
interpreter's lock whenever a request of any other service is at work, for five milliseconds at a time.
"""

from __future__ import annotations

import dataclasses
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from conversation import Child, Message

from .served import Served

_PROGRAM = Path(__file__).resolve().parent.parent / "databases.py"


class Answering(Protocol):
    """Answers what the front asks, in one thread that is the front's own."""

    def described(self, resource_id: str) -> Served | None: ...

    def admits(self, resource_id: str, user: str, token: str) -> bool: ...


class FrontProcess:
    """The front's methods, which may be called in any thread."""

    def __init__(self, package: Path, certificate: str, rds: Answering) -> None:
        """@param certificate of the instances, with its key, PEM"""
        self._rds = rds
        self._child = Child(_PROGRAM, {"package": str(package), "certificate": certificate}, self._answer)

    def open(self, instance: Served) -> int:
        port: int = self._child.done("open", _told(instance))
        return port

    def start(self, instance: Served) -> None:
        """Begins it, and does not wait for it. Where it fails, the first connection tries it again."""
        self._child.begun("start", _told(instance))

    def rename(self, former: str, instance: Served) -> int:
        port: int = self._child.done("rename", former, _told(instance))
        return port

    def restore(self, source: Served, instance: Served, to: datetime) -> None:
        self._child.done("restore", _told(source), _told(instance), to.isoformat())

    def close(self, resource_id: str) -> None:
        """Begins it, and does not wait for it."""
        self._child.begun("close", resource_id)

    def retire(self, resource_id: str) -> None:
        self._child.done("retire", resource_id)

    def restart(self, resource_id: str) -> None:
        self._child.done("restart", resource_id)

    def set_password(self, instance: Served) -> None:
        self._child.done("set_password", _told(instance))

    def end(self) -> None:
        """The process stops all servers and removes their files."""
        self._child.end()

    def _answer(self, question: Message) -> Any:
        about, secret = question["about"], question.get("secret")
        if secret:
            return self._rds.admits(about, *secret)
        described = self._rds.described(about)
        return described and _told(described)


def _told(instance: Served) -> dict[str, Any]:
    return dataclasses.asdict(instance)
