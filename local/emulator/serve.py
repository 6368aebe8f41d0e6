"""Serves the pinned emulator on loopback, with the patches beside this file applied.

The process ends when its standard input closes, so it never outlives the process that started it, whatever ends that one.

"""

from __future__ import annotations

import asyncio
import importlib
import json
import os
import pkgutil
import signal
import sys
import threading
from importlib.metadata import version
from pathlib import Path

PINNED = "1.5.33"
HERE = Path(__file__).resolve().parent


def refuse(reason: str) -> None:
    print(f"emulator: {reason}", file=sys.stderr)
    raise SystemExit(1)


def apply_patches() -> None:
    """Each module of `patches` has `apply()`, which asserts the shape of what it replaces and then replaces it."""
    sys.path.insert(0, str(HERE))
    only_without = os.environ.get("EMULATOR_WITHOUT_PATCH", "").split(",")
    for module in sorted(pkgutil.iter_modules([str(HERE / "patches")]), key=lambda found: found.name):
        if module.name not in only_without:
            importlib.import_module(f"patches.{module.name}").apply()


def end_with_parent() -> None:
    """Standard input is a pipe held by the parent: its end is the parent's end."""

    def watch() -> None:
        while sys.stdin.buffer.read(4096):
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, daemon=True, name="end-with-parent").start()


async def serve(port: int) -> None:
    from hypercorn.asyncio import serve as hypercorn_serve
    from hypercorn.config import Config
    from ministack import app as ministack_app

    config = Config()
    config.bind = [f"127.0.0.1:{port}"]
    config.keep_alive_timeout = 75
    config.loglevel = os.environ.get("LOG_LEVEL", "WARNING").upper()
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for sign in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(sign, stopped.set)
    await hypercorn_serve(ministack_app.app, config, shutdown_trigger=stopped.wait)


def end_workers() -> None:
    from ministack.core import lambda_runtime

    lambda_runtime.reset()


def main() -> None:
    found = version("ministack")
    if found != PINNED:
        refuse(f"ministack {PINNED} is wanted, {found} is installed")
    port = int(os.environ["GATEWAY_PORT"])
    apply_patches()
    end_with_parent()
    try:
        asyncio.run(serve(port))
    finally:
        end_workers()
        sys.stdout.flush()
        os._exit(0)


if __name__ == "__main__":
    main()
