"""Who the users of one server are, asked in a session that stays open between logins that follow each other.

A session of its own for each login would cost the server a process, which takes longer than all else that a
refused login takes.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

from .login import Account, account_of
from .template import SUPERUSER
from .wire import Refused, Session

# Shorter than the five seconds for which PostgreSQL waits with DROP DATABASE until other sessions have left it.
IDLE_SECONDS = 2.0


class Accounts:
    """All methods are called in the loop of the front."""

    def __init__(self, socket: Path) -> None:
        self._socket = socket
        self._session: Session | None = None
        self._idle: asyncio.TimerHandle | None = None
        # A session answers one question at a time.
        self._lock = asyncio.Lock()

    async def account(self, user: str) -> Account | None:
        """@throws OSError, EOFError, Refused when the server takes nobody"""
        async with self._lock:
            self._stay()
            try:
                return await self._asked(user)
            finally:
                self._idle = asyncio.get_running_loop().call_later(IDLE_SECONDS, self.forget)

    def forget(self) -> None:
        """The session ends, as when its server stops. The next question opens another one."""
        self._stay()
        session, self._session = self._session, None
        if session:
            session.close()

    async def _asked(self, user: str) -> Account | None:
        kept, self._session = self._session, None
        if kept:
            try:
                return await self._answered(kept, user)
            except (OSError, EOFError, Refused):
                # The server has restarted, or somebody has ended the session.
                pass
        return await self._answered(await Session.opened(self._socket, SUPERUSER), user)

    async def _answered(self, session: Session, user: str) -> Account | None:
        try:
            account = await account_of(session, user)
        except BaseException:
            session.close()
            raise
        self._session = session
        return account

    def _stay(self) -> None:
        if self._idle:
            self._idle.cancel()
            self._idle = None
