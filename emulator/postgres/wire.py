"""The messages of PostgreSQL's protocol that the front itself reads and writes ("Message Formats", PostgreSQL)."""

from __future__ import annotations

import asyncio
import struct
from dataclasses import dataclass
from pathlib import Path

from .side import Side

CANCEL_REQUEST = 80877102
SSL_REQUEST = 80877103
GSS_REQUEST = 80877104
# The server's own limit ("MAX_STARTUP_PACKET_LENGTH").
LONGEST_STARTUP = 10_000
_PROTOCOL = 0x30000
_ASK_PASSWORD = struct.pack("!cII", b"R", 8, 3)


class Refused(Exception):
    """A login that is refused, with the server's own code and words."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class Startup:
    """The first message of a session: who logs in to which database."""

    protocol: int
    parameters: dict[str, str]

    @property
    def user(self) -> str:
        return self.parameters.get("user", "")

    @property
    def database(self) -> str:
        return self.parameters.get("database") or self.user

    def encoded(self) -> bytes:
        fields = b"".join(f"{name}\0{value}\0".encode() for name, value in self.parameters.items())
        return struct.pack("!II", len(fields) + 9, self.protocol) + fields + b"\0"


def startup_of(body: bytes) -> Startup:
    """@param body the message without its length; @throws Refused"""
    (protocol,) = struct.unpack_from("!I", body)
    fields = body[4:].split(b"\0")[:-2]
    if protocol >> 16 != 3 or len(fields) % 2:
        raise Refused("0A000", "unsupported frontend protocol")
    texts = [field.decode(errors="replace") for field in fields]
    return Startup(protocol, dict(zip(texts[::2], texts[1::2], strict=True)))


def error(refused: Refused) -> bytes:
    fields = f"SFATAL\0VFATAL\0C{refused.code}\0M{refused}\0\0".encode()
    return struct.pack("!cI", b"E", len(fields) + 4) + fields


async def read_sized(client: Side) -> bytes:
    """The body of a message that has a length and no kind. @throws Refused when it is too long"""
    (length,) = struct.unpack("!I", await client.read(4))
    if not 8 <= length <= LONGEST_STARTUP:
        raise Refused("08P01", "invalid length of startup packet")
    return await client.read(length - 4)


async def ask_password(client: Side) -> str:
    client.write(_ASK_PASSWORD)
    kind, length = struct.unpack("!cI", await client.read(5))
    if kind != b"p" or not 5 <= length <= 65_536:
        raise Refused("08P01", "expected password response")
    return (await client.read(length - 4)).rstrip(b"\0").decode(errors="replace")


class Session:
    """A session of the emulator's own at a server, as its superuser."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def opened(cls, socket: Path, user: str, database: str = "postgres") -> Session:
        """@throws OSError, asyncio.IncompleteReadError, Refused while the server is starting"""
        session = cls(*await asyncio.open_unix_connection(str(socket)))
        session._writer.write(Startup(_PROTOCOL, {"user": user, "database": database}).encoded())
        try:
            await session._answer()
        except BaseException:
            session.close()
            raise
        return session

    async def rows(self, statement: str) -> list[list[str | None]]:
        """@throws Refused with the server's code and words"""
        text = statement.encode() + b"\0"
        self._writer.write(struct.pack("!cI", b"Q", len(text) + 4) + text)
        return await self._answer()

    def close(self) -> None:
        self._writer.write(struct.pack("!cI", b"X", 4))
        self._writer.close()

    async def _answer(self) -> list[list[str | None]]:
        rows: list[list[str | None]] = []
        failure: Refused | None = None
        while True:
            kind, length = struct.unpack("!cI", await self._reader.readexactly(5))
            body = await self._reader.readexactly(length - 4)
            if kind == b"D":
                rows.append(_values(body))
            elif kind == b"E":
                failure = _failure(body)
                if failure.code.startswith(("28", "3D", "57P")):
                    raise failure
            elif kind == b"Z":
                if failure:
                    raise failure
                return rows


def _values(body: bytes) -> list[str | None]:
    (count,) = struct.unpack_from("!H", body)
    values: list[str | None] = []
    at = 2
    for _ in range(count):
        (length,) = struct.unpack_from("!i", body, at)
        at += 4
        values.append(None if length < 0 else body[at : at + length].decode())
        at += max(length, 0)
    return values


def _failure(body: bytes) -> Refused:
    fields = {field[:1]: field[1:].decode(errors="replace") for field in body.split(b"\0") if field}
    return Refused(fields.get(b"C", "XX000"), fields.get(b"M", "no message"))


def literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def identifier(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'
