"""The process of the emulated load balancers: two ports that lead to the listener rules of Application Load Balancers.

The emulator knows a load balancer by its DNS name, which no local client can resolve.

The load balancer's port stands for the load balancer's own address: it takes any Host. Of several
load balancers, one a cell, the one with a rule for the host answers, and the first one made for any
other host.

The web port stands for the way by DNS, which a browser takes: hosted zones say which load balancer a
host leads to. Browsers resolve every name under `localhost` to loopback, so a zone of such a domain
makes URLs that open as they are.

The emulator talks with this process as conversation.py says, by balancing/balancer_process.py.
"""

from __future__ import annotations

import asyncio
import gc
import socket
from typing import Any

import uvloop

from balancing.balancer_process import BACKLOG
from balancing.clients import Client, Port
from balancing.heads import Own
from balancing.listeners import Listeners
from balancing.measured import Measured
from conversation import Parent, take_all_files
from ministack_patches import patience

_NONE_YET = Own(503, b"there is no load balancer yet")
_NO_RECORD = Own(404, b"no DNS record leads this name to a load balancer")


async def _serve() -> None:
    parent, begin = await Parent.met()
    known, measured = Listeners(), Measured()

    async def named(host: str) -> str | None:
        arn: str | None = await parent.asked(about=host)
        return arn

    ports = {"own": Port(known, measured, None, _NONE_YET), "web": Port(known, measured, named, _NO_RECORD)}
    loop = asyncio.get_running_loop()
    for name, descriptor in begin["ports"].items():
        listening = socket.socket(fileno=descriptor)
        port = ports[name]
        await loop.create_server(lambda port=port: Client(port), sock=listening, backlog=BACKLOG)  # type: ignore[misc]
    gc.freeze()

    async def work(what: str, arguments: list[Any]) -> Any:
        if what == "learn":
            known.learn(*arguments)
            return None
        if what == "forget":
            patience.begin_anew()
        return measured.taken()

    await parent.obeyed(work)


def main() -> None:
    take_all_files()
    uvloop.run(_serve())


if __name__ == "__main__":
    main()
