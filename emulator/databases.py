"""The process of the emulated databases: the front where clients log in, and the servers behind it.

Standard input is one of a pair of sockets, of which the emulator has the other one
(postgres/front_process.py). The process ends when that is closed, whatever ends the emulator.
"""

from __future__ import annotations

import asyncio
import functools
import itertools
import json
import resource
import socket
import ssl
import tempfile
from collections.abc import Awaitable
from datetime import datetime
from pathlib import Path
from typing import Any

import uvloop

from postgres.front import Front
from postgres.programs import programs, remove_folders
from postgres.served import Served


class Emulator:
    """Who describes instances and judges tokens: the emulator's own process."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self._writer = writer
        self._numbers = itertools.count()
        self._waiting: dict[int, asyncio.Future[Any]] = {}

    async def described(self, resource_id: str) -> Served | None:
        answer = await self._asked({"about": resource_id})
        return Served(**answer) if answer else None

    async def admits(self, resource_id: str, user: str, token: str) -> bool:
        return bool(await self._asked({"about": resource_id, "secret": [user, token]}))

    def tell(self, message: dict[str, Any]) -> None:
        self._writer.write(json.dumps(message).encode() + b"\n")

    def settle(self, message: dict[str, Any]) -> None:
        waiting = self._waiting.pop(message["id"])
        # Who asked may have given up.
        if not waiting.done():
            waiting.set_result(message["answer"])

    async def _asked(self, question: dict[str, Any]) -> Any:
        number = next(self._numbers)
        self._waiting[number] = answer = asyncio.get_running_loop().create_future()
        self.tell({"id": number, **question})
        return await answer


def _work(front: Front, method: str, arguments: list[Any]) -> Awaitable[Any]:
    """@throws KeyError for a method that the front has not"""
    told = [Served(**each) if isinstance(each, dict) else each for each in arguments]
    if method == "restore":
        source, instance, _ = told
        return front.restore(source, instance, datetime.fromisoformat(arguments[2]))
    methods: dict[str, Any] = {
        "open": front.open,
        "rename": front.rename,
        "close": front.close,
        "restart": front.restart,
        "set_password": front.set_password,
    }
    work: Awaitable[Any] = methods[method](*told)
    return work


async def _do(front: Front, emulator: Emulator, message: dict[str, Any]) -> None:
    try:
        done = await _work(front, message["do"], message["with"])
    except Exception as failure:
        emulator.tell({"id": message["id"], "failed": f"{type(failure).__name__}: {failure}"})
    else:
        emulator.tell({"id": message["id"], "done": done})


def _context(certificate: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_alpn_protocols(["postgresql"])
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "server.pem")
        file.write_text(certificate, encoding="utf-8")
        context.load_cert_chain(file)
    return context


async def _serve(connection: socket.socket) -> None:
    reader, writer = await asyncio.open_unix_connection(sock=connection, limit=2**20)
    begin = json.loads(await reader.readline())
    emulator = Emulator(writer)
    package = Path(begin["package"])
    front = Front(functools.partial(programs, package), _context(begin["certificate"]), emulator)
    under_way: set[asyncio.Task[None]] = set()
    while line := await reader.readline():
        message = json.loads(line)
        if "answer" in message:
            emulator.settle(message)
            continue
        doing = asyncio.ensure_future(_do(front, emulator, message))
        under_way.add(doing)
        doing.add_done_callback(under_way.discard)


def main() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    try:
        uvloop.run(_serve(socket.socket(fileno=0)))
    finally:
        # The servers end with this process.
        remove_folders()


if __name__ == "__main__":
    main()
