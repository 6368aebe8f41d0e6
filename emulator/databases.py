"""The process of the emulated databases: the front where clients log in, and the servers behind it.

The emulator talks with it as conversation.py says, by postgres/front_process.py.
"""

from __future__ import annotations

import functools
import ssl
import tempfile
from collections.abc import Awaitable
from datetime import datetime
from pathlib import Path
from typing import Any

import uvloop

from conversation import Parent, take_all_files
from postgres.front import Front
from postgres.programs import programs, remove_folders
from postgres.served import Served


class Emulator:
    """Who describes instances and judges tokens: the emulator's own process."""

    def __init__(self, parent: Parent) -> None:
        self._parent = parent

    async def described(self, resource_id: str) -> Served | None:
        answer = await self._parent.asked(about=resource_id)
        return Served(**answer) if answer else None

    async def admits(self, resource_id: str, user: str, token: str) -> bool:
        return bool(await self._parent.asked(about=resource_id, secret=[user, token]))


def _work(front: Front, method: str, arguments: list[Any]) -> Awaitable[Any]:
    """@throws KeyError for a method that the front has not"""
    told = [Served(**each) if isinstance(each, dict) else each for each in arguments]
    if method == "restore":
        source, instance, _ = told
        return front.restore(source, instance, datetime.fromisoformat(arguments[2]))
    methods: dict[str, Any] = {
        "open": front.open,
        "start": front.start,
        "rename": front.rename,
        "close": front.close,
        "retire": front.retire,
        "restart": front.restart,
        "set_password": front.set_password,
    }
    work: Awaitable[Any] = methods[method](*told)
    return work


def _context(certificate: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_alpn_protocols(["postgresql"])
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "server.pem")
        file.write_text(certificate, encoding="utf-8")
        context.load_cert_chain(file)
    return context


async def _serve() -> None:
    parent, begin = await Parent.met()
    package = Path(begin["package"])
    front = Front(functools.partial(programs, package), _context(begin["certificate"]), Emulator(parent))

    async def work(method: str, arguments: list[Any]) -> Any:
        return await _work(front, method, arguments)

    await parent.obeyed(work)


def main() -> None:
    take_all_files()
    try:
        uvloop.run(_serve())
    finally:
        # The servers end with this process.
        remove_folders()


if __name__ == "__main__":
    main()
