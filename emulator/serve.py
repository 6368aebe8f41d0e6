"""Serves the pinned emulator on loopback, with the patches of ministack_patches applied.

Three ports: GATEWAY_PORT is the endpoint of every AWS API, LOAD_BALANCER_PORT the listener of the
load balancer, WEB_PORT the way to load balancers by the names of hosted zones. The last two are those
of another process (load_balancers.py). 0 stands for any free port; `ports.json` in the state folder
tells which it became. The process ends when its standard input closes, so it never outlives the
process that started it, whatever ends that one.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import os
import shutil
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

PINNED = "1.5.33"
PORTS = ("GATEWAY_PORT", "LOAD_BALANCER_PORT", "WEB_PORT")
BACKLOG = 2048
HERE = Path(__file__).resolve().parent


def refuse(reason: str) -> None:
    print(f"emulator: {reason}", file=sys.stderr)
    raise SystemExit(1)


def apply_patches() -> None:
    """EMULATOR_WITHOUT_PATCH names patches to leave out, with commas between: so a test is seen to fail without one."""
    sys.path.insert(0, str(HERE))
    # Compiled once and kept, as pip does with packages: compiling the patches anew would take a fifth of the start.
    writes_no_bytecode, sys.dont_write_bytecode = sys.dont_write_bytecode, False
    from ministack_patches.patch import PatchError
    from ministack_patches.start import apply, found

    left_out = [name for name in os.environ.get("EMULATOR_WITHOUT_PATCH", "").split(",") if name]
    try:
        apply(found(), left_out)
    except PatchError as misfit:
        refuse(f"{misfit} (MiniStack {PINNED})")
    from ministack_patches import patience

    print(f"emulator: AWS_PATIENCE={patience.factor():g} AWS_SEED={patience.seed()}", file=sys.stderr)
    sys.dont_write_bytecode = writes_no_bytecode


def end_with_parent() -> None:
    """Standard input is a pipe held by the parent: its end is the parent's end."""

    def watch() -> None:
        while sys.stdin.buffer.read(4096):
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, daemon=True, name="end-with-parent").start()


def collect_rarely() -> None:
    """Everything the emulator knows stays in memory: looking through all of it again and again finds nothing to free."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


async def serve(listening: socket.socket) -> None:
    """On uvicorn with httptools and uvloop: a quarter less work a request than on Hypercorn, which MiniStack brings."""
    import uvicorn
    from ministack import app as ministack_app

    from task_credentials import with_task_credentials

    class Server(uvicorn.Server):
        @contextlib.contextmanager
        def capture_signals(self) -> Iterator[None]:
            """Signals are answered below; uvicorn would raise them again when it is done, and the group outlive it."""
            yield

    config = uvicorn.Config(
        with_task_credentials(ministack_app.app),
        http="httptools",
        ws="none",
        timeout_keep_alive=75,
        timeout_graceful_shutdown=0,
        backlog=BACKLOG,
        log_level="warning",
        proxy_headers=False,
        access_log=False,
        server_header=False,
        date_header=False,
    )
    server = Server(config)
    loop = asyncio.get_running_loop()
    for sign in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(sign, setattr, server, "should_exit", True)
    await server.serve(sockets=[listening])


def listen(port: int) -> socket.socket:
    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind(("127.0.0.1", port))
    # Now, so that nobody else can have the port.
    listening.listen(BACKLOG)
    return listening


def listen_at_all() -> dict[str, socket.socket]:
    """The sockets by the variables that name their ports, which are those of the sockets afterwards, also in `ports.json`."""
    sockets = {name: listen(int(os.environ[name])) for name in PORTS if name in os.environ}
    ports = {name: listening.getsockname()[1] for name, listening in sockets.items()}
    os.environ.update({name: str(port) for name, port in ports.items()})
    state = os.environ.get("EMULATOR_STATE_DIR")
    if state:
        unfinished = Path(state) / "ports.json.new"
        unfinished.write_text(json.dumps(ports))
        unfinished.rename(Path(state) / "ports.json")
    return sockets


def begin_load_balancers(sockets: dict[str, socket.socket]) -> None:
    from ministack_patches.elbv2 import balancers

    names = {"own": "LOAD_BALANCER_PORT", "web": "WEB_PORT"}
    balancers.begin({name: sockets[at] for name, at in names.items() if at in sockets})


def end_group() -> None:
    """The emulator leads a process group of its own: whatever it has started ends with it, and its files go."""
    sys.stdout.flush()
    state = os.environ.get("EMULATOR_STATE_DIR")
    if state:
        shutil.rmtree(state, ignore_errors=True)
    from ministack_patches.rds.servers import end

    end()
    if os.getpgrp() == os.getpid():
        os.killpg(os.getpgrp(), signal.SIGKILL)
    os._exit(0)


def main() -> None:
    import uvloop

    try:
        found = version("ministack")
    except ModuleNotFoundError:
        found = "none"
    if found != PINNED:
        refuse(f"ministack {PINNED} is wanted, {found} is installed")
    # MiniStack reads the ports when it is imported.
    sockets = listen_at_all()
    apply_patches()
    end_with_parent()
    collect_rarely()
    begin_load_balancers(sockets)
    try:
        uvloop.run(serve(sockets["GATEWAY_PORT"]))
    finally:
        end_group()


if __name__ == "__main__":
    main()
