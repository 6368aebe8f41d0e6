"""Where clients log in: one port per instance, with TLS, and RDS's own way to know users.

A connection goes through these steps: TLS, who is the user, password or token, and from there on
bytes are passed between the client and the socket of the instance's server, which trusts the front.

AWS's PAM module asks a local service about a token in the same way. One difference: users with a
password send it inside TLS, and not as an answer to SCRAM's challenge.
"""

from __future__ import annotations

import asyncio
import contextlib
import resource
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Coroutine
from datetime import datetime
from typing import Any, TypeVar

from .cluster import Cluster
from .login import require_encryption, require_secret
from .ports import Ports
from .programs import Programs
from .served import Served
from .template import DATABASE, MASTER
from .wire import (
    CANCEL_REQUEST,
    GSS_REQUEST,
    SSL_REQUEST,
    Refused,
    Session,
    Startup,
    ask_password,
    error,
    identifier,
    literal,
    read_sized,
    startup_of,
)

_LOGIN_SECONDS = 60
_CHUNK = 65_536
_TLS_HANDSHAKE = 0x16
_READ_ONLY = "-c default_transaction_read_only=on"
# Parameters of a parameter group that an emulated server takes over when it starts.
_TAKEN_OVER = ("max_connections", "statement_timeout", "lock_timeout", "idle_session_timeout", "rds.force_ssl")

Result = TypeVar("Result")
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Front:
    """Opens and closes the instances' ports. Its methods may be called in any thread; it works in one of its own."""

    def __init__(self, programs: Callable[[], Programs], certificate: ssl.SSLContext) -> None:
        self._programs = programs
        self._certificate = certificate
        self._made: Programs | None = None
        self._clusters: dict[str, Cluster] = {}
        self._running: set[Cluster] = set()
        self._ports: dict[str, tuple[str, socket.socket, asyncio.Task[None]]] = {}
        self._names = Ports()
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, name="databases", daemon=True).start()
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if soft != hard:
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))

    def open(self, instance: Served) -> int:
        """Listens for the instance; answers the port."""
        return self._here(self._open(instance))

    def rename(self, former: str, instance: Served) -> int:
        """Listens at the port of the instance's new name, and answers it. That of the former name stays the name's.

        @param former the instance's ARN until now
        """
        return self._here(self._rename(former, instance))

    def restore(self, source: Served, instance: Served, to: datetime) -> None:
        """The instance's server will have the data that the source's had at that time."""
        self._here(self._restore(source, instance, to))

    def close(self, resource_id: str) -> None:
        """Nobody can connect any more, sessions end, and the data goes."""
        asyncio.run_coroutine_threadsafe(self._forget(resource_id), self._loop)

    def restart(self, resource_id: str) -> None:
        """Sessions end. The server starts with the next connection, if its instance is available then."""
        self._here(self._stop(resource_id))

    def set_password(self, instance: Served) -> None:
        """The master password of a server that runs; another one learns it when it starts."""
        self._here(self._change_password(instance))

    def _here(self, work: Coroutine[Any, Any, Result]) -> Result:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    async def _open(self, instance: Served) -> int:
        listening = self._names.listening(instance.arn)
        accepting = asyncio.ensure_future(self._accept(instance, listening))
        self._ports[instance.resource_id] = instance.arn, listening, accepting
        port: int = listening.getsockname()[1]
        return port

    async def _rename(self, former: str, instance: Served) -> int:
        _, listening, _ = self._ports[instance.resource_id]
        self._names.reserve(former, listening.getsockname()[1])
        await self._shut(instance.resource_id)
        await self._stop(instance.resource_id)
        return await self._open(instance)

    async def _restore(self, source: Served, instance: Served, to: datetime) -> None:
        cluster = self._cluster(source)
        # A server that has never started has the template's data, as a new one has.
        if not cluster.made:
            return
        cluster.begin_session()
        try:
            await cluster.ready(_settings(source), lambda session, first: _prepare(session, source, first))
            await self._cluster(instance).restored(cluster, to)
        finally:
            cluster.end_session()

    async def _shut(self, resource_id: str) -> None:
        port = self._ports.pop(resource_id, None)
        if port:
            name, listening, accepting = port
            self._names.keep(name, listening.getsockname()[1])
            accepting.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await accepting
            listening.close()

    async def _forget(self, resource_id: str) -> None:
        await self._shut(resource_id)
        cluster = self._clusters.pop(resource_id, None)
        if cluster:
            await cluster.removed()

    async def _stop(self, resource_id: str) -> None:
        cluster = self._clusters.get(resource_id)
        if cluster:
            await cluster.stopped()

    async def _change_password(self, instance: Served) -> None:
        cluster = self._clusters.get(instance.source_id)
        if cluster:
            await cluster.told(lambda session: _set_password(session, instance))

    async def _accept(self, instance: Served, listening: socket.socket) -> None:
        under_way: set[asyncio.Task[None]] = set()
        while True:
            try:
                client, _ = await self._loop.sock_accept(listening)
            except OSError:
                await asyncio.sleep(0.1)
                continue
            serving = asyncio.ensure_future(self._serve(instance, client))
            under_way.add(serving)
            serving.add_done_callback(under_way.discard)

    async def _serve(self, instance: Served, client: socket.socket) -> None:
        client.setblocking(False)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if not instance.available:
            client.close()
            return
        cluster = self._cluster(instance)
        cluster.begin_session()
        try:
            begun = await asyncio.wait_for(self._begun(instance, cluster, client), _LOGIN_SECONDS)
            if begun:
                (reader, writer), server = begun
                await asyncio.gather(_pass(reader, server[1]), _pass(server[0], writer))
        except (OSError, EOFError, asyncio.TimeoutError):
            client.close()
        finally:
            cluster.end_session()

    async def _begun(self, instance: Served, cluster: Cluster, client: socket.socket) -> tuple[Streams, Streams] | None:
        """The streams of the client and of its session at the server; None when it gets none."""
        streams, encrypted = await self._encrypted(client)
        try:
            server = await self._logged_in(instance, cluster, streams, encrypted)
        except BaseException:
            streams[1].close()
            raise
        if server is None:
            streams[1].close()
            return None
        return streams, server

    def _cluster(self, instance: Served) -> Cluster:
        name = instance.source_id
        if name not in self._clusters:
            self._made = self._made or self._programs()
            self._clusters[name] = Cluster(self._made, name, self._running)
        return self._clusters[name]

    async def _encrypted(self, client: socket.socket) -> tuple[Streams, bool]:
        """The client's streams, with TLS when it asks for it: by a request, or at once ("SSL Session Encryption")."""
        while True:
            start = await self._peeked(client)
            if start[0] == _TLS_HANDSHAKE:
                return await self._streams(client, self._certificate), True
            (code,) = struct.unpack("!I", start[4:8]) if len(start) == 8 else (0,)
            if code not in (SSL_REQUEST, GSS_REQUEST):
                return await self._streams(client, None), False
            client.recv(8)
            await self._loop.sock_sendall(client, b"S" if code == SSL_REQUEST else b"N")
            if code == SSL_REQUEST:
                return await self._streams(client, self._certificate), True

    async def _peeked(self, client: socket.socket) -> bytes:
        """The first eight bytes, which stay unread; fewer when the first one tells enough."""
        while True:
            readable = asyncio.Event()
            self._loop.add_reader(client, readable.set)
            try:
                await readable.wait()
            finally:
                self._loop.remove_reader(client)
            start = client.recv(8, socket.MSG_PEEK)
            if not start:
                raise EOFError
            if len(start) == 8 or start[0] == _TLS_HANDSHAKE:
                return start
            await asyncio.sleep(0.001)

    async def _streams(self, client: socket.socket, certificate: ssl.SSLContext | None) -> Streams:
        reader = asyncio.StreamReader(limit=_CHUNK, loop=self._loop)
        protocol = asyncio.StreamReaderProtocol(reader, loop=self._loop)
        transport, _ = await self._loop.connect_accepted_socket(lambda: protocol, client, ssl=certificate)
        return reader, asyncio.StreamWriter(transport, protocol, reader, self._loop)

    async def _logged_in(self, instance: Served, cluster: Cluster, client: Streams, encrypted: bool) -> Streams | None:
        """The streams of a session at the server, which has been told who logs in; None when nobody does."""
        reader, writer = client
        try:
            body = await read_sized(reader)
            if struct.unpack_from("!I", body) == (CANCEL_REQUEST,):
                if cluster.runs:
                    await _cancel(cluster, body)
                return None
            startup = startup_of(body)
            await cluster.ready(_settings(instance), lambda session, first: _prepare(session, instance, first))
            account = await cluster.accounts.account(startup.user)
            require_encryption(startup, account, instance, encrypted)
            secret = await ask_password(reader, writer)
            await asyncio.to_thread(require_secret, startup.user, secret, account, instance)
        except Refused as refused:
            writer.write(error(refused))
            await writer.drain()
            return None
        server = await asyncio.open_unix_connection(str(cluster.socket), limit=_CHUNK)
        told = startup if instance.source_id == instance.resource_id else _as_replica(startup)
        server[1].write(told.encoded())
        return server


def _settings(instance: Served) -> dict[str, str]:
    return {name: instance.parameters[name] for name in _TAKEN_OVER if name in instance.parameters}


async def _prepare(session: Session, instance: Served, first: bool) -> None:
    name, _ = instance.master
    # Data of a restored instance has its names already, unless its source had never started until then.
    if first and await session.rows(f"SELECT FROM pg_roles WHERE rolname = {literal(MASTER)}"):
        await session.rows(f"ALTER ROLE {MASTER} RENAME TO {identifier(name)}")
    if first and await session.rows(f"SELECT FROM pg_database WHERE datname = {literal(DATABASE)}"):
        named = f"ALTER DATABASE {DATABASE} RENAME TO {identifier(instance.database)}"
        await session.rows(named if instance.database else f"DROP DATABASE {DATABASE}")
    await _set_password(session, instance)


async def _set_password(session: Session, instance: Served) -> None:
    name, password = instance.master
    if password is None:
        return
    await session.rows(f"ALTER ROLE {identifier(name)} PASSWORD {literal(password)}")


def _as_replica(startup: Startup) -> Startup:
    """A replica reads what its source has, in a session that may not write."""
    options = f"{startup.parameters.get('options', '')} {_READ_ONLY}".strip()
    return Startup(startup.protocol, {**startup.parameters, "options": options})


async def _cancel(cluster: Cluster, body: bytes) -> None:
    _, writer = await asyncio.open_unix_connection(str(cluster.socket))
    writer.write(struct.pack("!I", len(body) + 4) + body)
    await writer.drain()
    writer.close()


async def _pass(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    try:
        while data := await source.read(_CHUNK):
            target.write(data)
            await target.drain()
    except (OSError, ssl.SSLError):
        pass
    finally:
        target.close()
