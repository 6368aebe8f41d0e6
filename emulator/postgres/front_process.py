"""The front in a process of its own, as the emulator's own process sees it.

Each byte of a query passes through the front. In the emulator's process it would wait for the
interpreter's lock whenever a request of any other service is at work, for five milliseconds at a time.

Both processes send each other lines of JSON over a pair of sockets: requests of the emulator with
`do`, questions of the front with `about`, and the answers to either with the same `id`.
"""

from __future__ import annotations

import dataclasses
import itertools
import json
import socket
import subprocess
import sys
import threading
from concurrent.futures import Future
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from .served import Served

_PROGRAM = Path(__file__).resolve().parent.parent / "databases.py"
_END_SECONDS = 5.0


class Answering(Protocol):
    """Answers what the front asks, in one thread that is the front's own."""

    def described(self, resource_id: str) -> Served | None: ...

    def admits(self, resource_id: str, user: str, token: str) -> bool: ...


class FrontProcess:
    """The front's methods, which may be called in any thread."""

    def __init__(self, package: Path, certificate: str, rds: Answering) -> None:
        """@param certificate of the instances, with its key, PEM"""
        self._rds = rds
        self._own, theirs = socket.socketpair()
        self._process = subprocess.Popen(
            [sys.executable, str(_PROGRAM)], stdin=theirs.fileno(), stdout=subprocess.DEVNULL
        )
        theirs.close()
        self._numbers = itertools.count()
        self._waiting: dict[int, Future[Any]] = {}
        self._sending = threading.Lock()
        self._send({"package": str(package), "certificate": certificate})
        threading.Thread(target=self._listen, name="databases", daemon=True).start()

    def open(self, instance: Served) -> int:
        port: int = self._done("open", instance)
        return port

    def rename(self, former: str, instance: Served) -> int:
        port: int = self._done("rename", former, instance)
        return port

    def restore(self, source: Served, instance: Served, to: datetime) -> None:
        self._done("restore", source, instance, to.isoformat())

    def close(self, resource_id: str) -> None:
        """Begins it, and does not wait for it."""
        self._begun("close", resource_id)

    def restart(self, resource_id: str) -> None:
        self._done("restart", resource_id)

    def set_password(self, instance: Served) -> None:
        self._done("set_password", instance)

    def end(self) -> None:
        """The process stops all servers and removes their files when nobody talks to it any more."""
        # Closing would wait for the thread that listens.
        self._own.shutdown(socket.SHUT_RDWR)
        try:
            self._process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()

    def _done(self, method: str, *arguments: Any) -> Any:
        """@throws RuntimeError when the front could not do it, or is gone"""
        return self._begun(method, *arguments).result()

    def _begun(self, method: str, *arguments: Any) -> Future[Any]:
        number, answer = next(self._numbers), Future[Any]()
        self._waiting[number] = answer
        told = [dataclasses.asdict(each) if isinstance(each, Served) else each for each in arguments]
        self._send({"id": number, "do": method, "with": told})
        return answer

    def _send(self, message: dict[str, Any]) -> None:
        with self._sending:
            self._own.sendall(json.dumps(message).encode() + b"\n")

    def _listen(self) -> None:
        with self._own.makefile("rb") as lines:
            for line in lines:
                message = json.loads(line)
                if "about" in message:
                    self._answer(message)
                else:
                    self._settle(message)
        for answer in self._waiting.values():
            answer.set_exception(RuntimeError("the process of the databases has ended"))

    def _answer(self, question: dict[str, Any]) -> None:
        about, secret = question["about"], question.get("secret")
        answer: Any = self._rds.admits(about, *secret) if secret else self._rds.described(about)
        told = dataclasses.asdict(answer) if isinstance(answer, Served) else answer
        self._send({"id": question["id"], "answer": told})

    def _settle(self, message: dict[str, Any]) -> None:
        answer = self._waiting.pop(message["id"])
        if "failed" in message:
            answer.set_exception(RuntimeError(message["failed"]))
        else:
            answer.set_result(message["done"])
