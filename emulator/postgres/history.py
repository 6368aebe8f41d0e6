"""The log that a restored server replays: all that its source has done since both had the template, up to a time.

Every server begins as a copy of the template and keeps its log ("Point-in-time recovery using WAL
archiving", PostgreSQL). So no base backup is made or kept: the template is one for all, of all times.
"""

from __future__ import annotations

import asyncio
import re
import shutil
from datetime import datetime
from pathlib import Path

from .wire import Session

# Segments, and the histories of timelines: a restored server has begun a timeline of its own.
_KEPT = re.compile(r"[0-9A-F]{24}|[0-9A-F]{8}\.history")
_LOG = "pg_wal"
_SIGNAL = "recovery.signal"


class History:
    """Of one server, in the folder of its data directory."""

    def __init__(self, home: Path) -> None:
        self._log, self._until = home / "log-to-replay", home / "replay-until"

    @property
    def waits(self) -> bool:
        """For the first start of its server."""
        return self._log.exists()

    async def taken(self, session: Session, source: Path, to: datetime) -> None:
        """@param session of a superuser at the source, source its data directory"""
        # A log that ends before the time would not do: the last transaction in it is a later one, and on disk. One that
        # writes nothing is not waited for.
        await session.rows("SET synchronous_commit = on")
        await session.rows("SELECT pg_logical_emit_message(true, 'restored', '')")
        await asyncio.to_thread(self._take, source / _LOG, to)

    def _take(self, log: Path, to: datetime) -> None:
        taking = self._log.with_name("taking")
        shutil.rmtree(taking, ignore_errors=True)
        taking.mkdir(parents=True)
        for file in log.iterdir():
            if _KEPT.fullmatch(file.name):
                shutil.copy2(file, taking)
        self._until.write_text(to.isoformat(), encoding="utf-8")
        taking.rename(self._log)

    def put_into(self, data: Path) -> None:
        """Into a copy of the template that no server has started from."""
        for file in (data / _LOG).iterdir():
            if _KEPT.fullmatch(file.name):
                file.unlink()
        for file in self._log.iterdir():
            shutil.copy2(file, data / _LOG)
        (data / _SIGNAL).touch()

    def options(self, data: Path) -> dict[str, str]:
        """Of a start that replays. PostgreSQL removes the signal at the end of the replay."""
        if not (data / _SIGNAL).exists():
            shutil.rmtree(self._log, ignore_errors=True)
            return {}
        return {
            # Nothing is fetched: the log lies where the server writes its own.
            "restore_command": "false",
            "recovery_target_time": self._until.read_text(encoding="utf-8"),
            "recovery_target_action": "promote",
            "hot_standby": "off",
        }
