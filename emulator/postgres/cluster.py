"""The server of one instance: made before or at the first connection, stopped when nobody is connected."""

from __future__ import annotations

import asyncio
import shutil
import signal
import subprocess
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path

from .accounts import Accounts
from .history import History
from .programs import Programs
from .template import SOCKET, connected, start_server, template
from .wire import Session

IDLE_SECONDS = 60.0
# Of servers that run at a time. What is above is stopped as soon as it is idle. A burst of a hundred signups uses all of its
# databases within a minute, and several times; one that waits takes 3 MB.
MOST_RUNNING = 120
# Copies of the template under way: a disk does two at a time as fast as more.
_COPIES_AT_A_TIME = 2

_copying = asyncio.Semaphore(_COPIES_AT_A_TIME)


class Cluster:
    """All methods are called in the loop of the front."""

    def __init__(self, programs: Programs, name: str, running: set[Cluster]) -> None:
        self._programs = programs
        self._home = programs.place(name)
        self._history = History(self._home)
        self._running = running
        self._lock = asyncio.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._idle: asyncio.TimerHandle | None = None
        self._stopping: asyncio.Task[None] | None = None
        self.sessions = 0
        self._left_at = 0.0
        self.accounts = Accounts(self.socket)

    @property
    def socket(self) -> Path:
        return self._home / "s" / SOCKET

    @property
    def runs(self) -> bool:
        return self._process is not None and self._process.poll() is None

    async def ready(self, settings: dict[str, str], prepare: Callable[[Session, bool], Awaitable[None]]) -> None:
        """Makes and starts the server where it does not run.

        @param prepare gets a superuser's session, and whether the server has started for the first time
        """
        async with self._lock:
            if self.runs:
                return
            await self._make_room()
            data, marker = self._home / "data", self._home / "prepared"
            if not data.exists():
                await self._copy_template(data)
            options = {**settings, **self._history.options(data)}
            self._process = start_server(self._programs, data, self.socket.parent, options)
            self._running.add(self)
            try:
                session = await connected(self.socket)
                await prepare(session, not marker.exists())
            except BaseException:
                await self._stop()
                raise
            session.close()
            marker.touch()

    @property
    def made(self) -> bool:
        """Whether there is anything that a restored server would have to replay."""
        return (self._home / "data").exists() or self._history.waits

    async def restored(self, source: Cluster, to: datetime) -> None:
        """From its first start on it has what the source, which has to run, had at that time.

        @throws RuntimeError when the source has been stopped meanwhile
        """
        async with source._lock:
            if not source.runs:
                raise RuntimeError("the source of a restore has been stopped")
            session = await connected(source.socket)
            await self._history.taken(session, source._home / "data", to)
            session.close()

    async def told(self, tell: Callable[[Session], Awaitable[None]]) -> None:
        """Tells a server that runs something as its superuser; one that starts or stops is waited for."""
        async with self._lock:
            if self.runs:
                session = await connected(self.socket)
                await tell(session)
                session.close()

    async def stopped(self) -> None:
        """As a reboot or a stop of the instance: sessions are ended, the data stays."""
        async with self._lock:
            await self._stop()

    async def removed(self) -> None:
        await self.stopped()
        await asyncio.to_thread(shutil.rmtree, self._home, ignore_errors=True)

    def begin_session(self) -> None:
        self.sessions += 1
        if self._idle:
            self._idle.cancel()
            self._idle = None

    def end_session(self) -> None:
        self.sessions -= 1
        if self.sessions == 0:
            loop = asyncio.get_running_loop()
            self._left_at = loop.time()
            self._idle = loop.call_later(IDLE_SECONDS, self._stop_now)

    def _stop_now(self) -> None:
        self._idle = None
        if self.sessions == 0:
            self._stopping = asyncio.ensure_future(self.stopped())

    async def _stop(self) -> None:
        process, self._process = self._process, None
        self._running.discard(self)
        self.accounts.forget()
        if process is None or process.poll() is not None:
            return
        process.send_signal(signal.SIGINT)
        try:
            await asyncio.to_thread(process.wait, 5)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGQUIT)
            await asyncio.to_thread(process.wait)

    async def _make_room(self) -> None:
        while len(self._running) >= MOST_RUNNING:
            idle = [each for each in self._running if each.sessions == 0 and each is not self]
            if not idle:
                return
            await min(idle, key=lambda each: each._left_at).stopped()

    async def _copy_template(self, data: Path) -> None:
        source = await template(self._programs)
        async with _copying:
            await asyncio.to_thread(self._copy, source, data)

    def _copy(self, source: Path, data: Path) -> None:
        copying = self._home / "copying"
        shutil.rmtree(copying, ignore_errors=True)
        self.socket.parent.mkdir(parents=True, exist_ok=True)
        self._programs.give(self._home)
        self._programs.copy(source, copying)
        if self._history.waits:
            self._history.put_into(copying)
            self._programs.give(copying)
        copying.rename(data)
