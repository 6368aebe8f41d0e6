"""How the emulator talks with a process of its own: lines of JSON over a pair of sockets.

The emulator sends `do` with the name of some work and its arguments, and gets `done`, or `failed`
with the reason. The process sends `about` with what it asks, and gets `answer`. An `id` says what
belongs together. The first line, which the emulator sends, is what the process begins with.

Standard input of the process is its one of the two sockets. It ends when that is closed, whatever
ends the emulator.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import resource
import socket
import subprocess
import sys
import threading
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any

Message = dict[str, Any]

_END_SECONDS = 5.0
_LONGEST_LINE = 2**24


class Child:
    """A process, as the emulator sees it. Its methods may be called in any thread."""

    def __init__(
        self, program: Path, begin: Message, answer: Callable[[Message], Any], passed: Sequence[int] = ()
    ) -> None:
        """
        @param answer what the process asks about, in one thread that is the process's own
        @param passed file descriptors that the process takes over
        """
        self._answer_to = answer
        self._name = program.stem
        self._own, theirs = socket.socketpair()
        self._process = subprocess.Popen(
            [sys.executable, str(program)], stdin=theirs.fileno(), stdout=subprocess.DEVNULL, pass_fds=passed
        )
        theirs.close()
        self._numbers = itertools.count()
        self._waiting: dict[int, Future[Any]] = {}
        self._sending = threading.Lock()
        self._send(begin)
        threading.Thread(target=self._listen, name=self._name, daemon=True).start()

    def done(self, work: str, *arguments: Any) -> Any:
        """@throws RuntimeError when the process could not do it, or is gone"""
        return self.begun(work, *arguments).result()

    def begun(self, work: str, *arguments: Any) -> Future[Any]:
        """@throws OSError when the process is gone"""
        number, answer = next(self._numbers), Future[Any]()
        self._waiting[number] = answer
        self._send({"id": number, "do": work, "with": arguments})
        return answer

    def end(self) -> None:
        """The process does what it does at its end when nobody talks to it any more."""
        # Closing would wait for the thread that listens.
        self._own.shutdown(socket.SHUT_RDWR)
        try:
            self._process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()

    def _send(self, message: Message) -> None:
        with self._sending:
            self._own.sendall(json.dumps(message).encode() + b"\n")

    def _listen(self) -> None:
        with self._own.makefile("rb") as lines:
            for line in lines:
                message = json.loads(line)
                if "about" in message:
                    self._send({"id": message["id"], "answer": self._answer_to(message)})
                else:
                    self._settle(message)
        for answer in self._waiting.values():
            answer.set_exception(RuntimeError(f"the process {self._name} has ended"))

    def _settle(self, message: Message) -> None:
        answer = self._waiting.pop(message["id"])
        if "failed" in message:
            answer.set_exception(RuntimeError(message["failed"]))
        else:
            answer.set_result(message["done"])


class Parent:
    """The emulator, as a process of its own sees it. All methods are called in the loop of the process."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._numbers = itertools.count()
        self._waiting: dict[int, asyncio.Future[Any]] = {}

    @classmethod
    async def met(cls) -> tuple[Parent, Message]:
        """The emulator, and what the process begins with."""
        connection = socket.socket(fileno=0)
        reader, writer = await asyncio.open_unix_connection(sock=connection, limit=_LONGEST_LINE)
        return cls(reader, writer), json.loads(await reader.readline())

    async def asked(self, **question: Any) -> Any:
        """@param question with `about`"""
        number = next(self._numbers)
        self._waiting[number] = answer = asyncio.get_running_loop().create_future()
        self._tell({"id": number, **question})
        return await answer

    async def obeyed(self, work: Callable[[str, list[Any]], Awaitable[Any]]) -> None:
        """Does what the emulator asks for until it ends. Work begins in the order in which it was asked for."""
        under_way: set[asyncio.Task[None]] = set()
        while line := await self._reader.readline():
            message = json.loads(line)
            if "answer" in message:
                self._settle(message)
                continue
            doing = asyncio.ensure_future(self._do(work, message))
            under_way.add(doing)
            doing.add_done_callback(under_way.discard)

    async def _do(self, work: Callable[[str, list[Any]], Awaitable[Any]], message: Message) -> None:
        try:
            done = await work(message["do"], message["with"])
        except Exception as failure:
            self._tell({"id": message["id"], "failed": f"{type(failure).__name__}: {failure}"})
        else:
            self._tell({"id": message["id"], "done": done})

    def _settle(self, message: Message) -> None:
        waiting = self._waiting.pop(message["id"])
        # Who asked may have given up.
        if not waiting.done():
            waiting.set_result(message["answer"])

    def _tell(self, message: Message) -> None:
        self._writer.write(json.dumps(message).encode() + b"\n")


def take_all_files() -> None:
    """As many connections as the machine lets a process have."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
