"""Where clients log in: one port per instance, with TLS, and RDS's own way to know users.

A connection goes through these steps: TLS, who is the user, password or token, and from there on
bytes are passed between the client and the socket of the instance's server, which trusts the front.

AWS's PAM module asks a local service about a token in the same way. One difference: users with a
password send it inside TLS, and not as an answer to SCRAM's challenge.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import struct
from collections.abc import Callable
from datetime import datetime

from .cluster import Cluster
from .login import require_encryption, require_secret
from .ports import Ports
from .programs import Programs
from .served import Rds, Served
from .side import Side
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
_TLS_HANDSHAKE = 0x16
_READ_ONLY = "-c default_transaction_read_only=on"
# Parameters of a parameter group that an emulated server takes over when it starts.
_TAKEN_OVER = ("max_connections", "statement_timeout", "lock_timeout", "idle_session_timeout", "rds.force_ssl")


class Front:
    """Opens and closes the instances' ports. All methods are called in its loop."""

    def __init__(self, programs: Callable[[], Programs], certificate: ssl.SSLContext, rds: Rds) -> None:
        self._programs = programs
        self._certificate = certificate
        self._rds = rds
        self._made: Programs | None = None
        self._clusters: dict[str, Cluster] = {}
        self._running: set[Cluster] = set()
        self._ports: dict[str, tuple[str, socket.socket, asyncio.Task[None]]] = {}
        self._names = Ports()
        self._loop = asyncio.get_running_loop()

    async def open(self, instance: Served) -> int:
        """Listens for the instance; answers the port."""
        listening = self._names.listening(instance.arn)
        accepting = asyncio.ensure_future(self._accept(instance.resource_id, listening))
        self._ports[instance.resource_id] = instance.arn, listening, accepting
        port: int = listening.getsockname()[1]
        return port

    async def start(self, instance: Served) -> None:
        """Starts the server of an instance that nobody has connected to yet. A replica's is its source's."""
        cluster = self._cluster(instance)
        cluster.begin_session()
        try:
            await self._ready(cluster, instance)
        finally:
            cluster.end_session()

    async def rename(self, former: str, instance: Served) -> int:
        """Listens at the port of the instance's new name, and answers it. That of the former name stays the name's.

        @param former the instance's ARN until now
        """
        _, listening, _ = self._ports[instance.resource_id]
        self._names.reserve(former, listening.getsockname()[1])
        await self._shut(instance.resource_id)
        await self.restart(instance.resource_id)
        return await self.open(instance)

    async def restore(self, source: Served, instance: Served, to: datetime) -> None:
        """The instance's server will have the data that the source's had at that time."""
        cluster = self._cluster(source)
        # A server that has never started has the template's data, as a new one has.
        if not cluster.made:
            return
        cluster.begin_session()
        try:
            await self._ready(cluster, source)
            await self._cluster(instance).restored(cluster, to)
        finally:
            cluster.end_session()

    async def close(self, resource_id: str) -> None:
        """Nobody can connect any more, sessions end, and the data goes."""
        await self._shut(resource_id)
        cluster = self._clusters.pop(resource_id, None)
        if cluster:
            await cluster.removed()

    async def retire(self, resource_id: str) -> None:
        """Nobody can connect any more, and the data stays: backups of it are kept."""
        await self._shut(resource_id)
        await self.restart(resource_id)

    async def restart(self, resource_id: str) -> None:
        """Sessions end. The server starts with the next connection, if its instance is available then."""
        cluster = self._clusters.get(resource_id)
        if cluster:
            await cluster.stopped()

    async def set_password(self, instance: Served) -> None:
        """The master password of a server that runs; another one learns it when it starts."""
        cluster = self._clusters.get(instance.source_id)
        if cluster:
            await cluster.told(lambda session: _set_password(session, instance))

    async def _shut(self, resource_id: str) -> None:
        port = self._ports.pop(resource_id, None)
        if port:
            name, listening, accepting = port
            self._names.keep(name, listening.getsockname()[1])
            accepting.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await accepting
            listening.close()

    async def _accept(self, resource_id: str, listening: socket.socket) -> None:
        under_way: set[asyncio.Task[None]] = set()
        while True:
            try:
                client, _ = await self._loop.sock_accept(listening)
            except OSError:
                await asyncio.sleep(0.1)
                continue
            serving = asyncio.ensure_future(self._serve(resource_id, client))
            under_way.add(serving)
            serving.add_done_callback(under_way.discard)

    async def _serve(self, resource_id: str, client: socket.socket) -> None:
        client.setblocking(False)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        instance = await self._rds.described(resource_id)
        if not instance or not instance.available:
            client.close()
            return
        cluster = self._cluster(instance)
        cluster.begin_session()
        try:
            begun = await asyncio.wait_for(self._begun(instance, cluster, client), _LOGIN_SECONDS)
            if begun:
                await begun[0].joined(begun[1])
        except (OSError, EOFError, asyncio.TimeoutError):
            client.close()
        finally:
            cluster.end_session()

    async def _begun(self, instance: Served, cluster: Cluster, client: socket.socket) -> tuple[Side, Side] | None:
        """The client's side and that of its session at the server; None when it gets none."""
        side, encrypted = await self._encrypted(client)
        try:
            server = await self._logged_in(instance, cluster, side, encrypted)
        except BaseException:
            side.close()
            raise
        if server is None:
            side.close()
            return None
        return side, server

    def _cluster(self, instance: Served) -> Cluster:
        name = instance.source_id
        if name not in self._clusters:
            self._made = self._made or self._programs()
            self._clusters[name] = Cluster(self._made, name, self._running)
        return self._clusters[name]

    async def _ready(self, cluster: Cluster, instance: Served) -> None:
        async def prepare(session: Session, first: bool) -> None:
            # A password that was set while the server was about to start counts: it is asked for as late as now.
            await _prepare(session, await self._rds.described(instance.resource_id) or instance, first)

        await cluster.ready(_settings(instance), prepare)

    async def _encrypted(self, client: socket.socket) -> tuple[Side, bool]:
        """The client's side, with TLS when it asks for it: by a request, or at once ("SSL Session Encryption")."""
        while True:
            start = await self._peeked(client)
            if start[0] == _TLS_HANDSHAKE:
                return await self._side(client, self._certificate), True
            (code,) = struct.unpack("!I", start[4:8]) if len(start) == 8 else (0,)
            if code not in (SSL_REQUEST, GSS_REQUEST):
                return await self._side(client, None), False
            client.recv(8)
            await self._loop.sock_sendall(client, b"S" if code == SSL_REQUEST else b"N")
            if code == SSL_REQUEST:
                return await self._side(client, self._certificate), True

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

    async def _side(self, client: socket.socket, certificate: ssl.SSLContext | None) -> Side:
        side = Side()
        await self._loop.connect_accepted_socket(lambda: side, client, ssl=certificate)
        return side

    async def _logged_in(self, instance: Served, cluster: Cluster, client: Side, encrypted: bool) -> Side | None:
        """A session at the server, which has been told who logs in; None when nobody does."""
        try:
            body = await read_sized(client)
            if struct.unpack_from("!I", body) == (CANCEL_REQUEST,):
                if cluster.runs:
                    await self._cancel(cluster, body)
                return None
            startup = startup_of(body)
            await self._ready(cluster, instance)
            account = await cluster.accounts.account(startup.user)
            require_encryption(startup, account, instance, encrypted)
            secret = await ask_password(client)
            await require_secret(startup.user, secret, account, instance, self._rds)
        except Refused as refused:
            client.write(error(refused))
            return None
        server = await self._at(cluster)
        told = startup if instance.source_id == instance.resource_id else _as_replica(startup)
        server.write(told.encoded())
        return server

    async def _at(self, cluster: Cluster) -> Side:
        side = Side()
        await self._loop.create_unix_connection(lambda: side, str(cluster.socket))
        return side

    async def _cancel(self, cluster: Cluster, body: bytes) -> None:
        server = await self._at(cluster)
        server.write(struct.pack("!I", len(body) + 4) + body)
        server.close()


def _settings(instance: Served) -> dict[str, str]:
    return {name: instance.parameters[name] for name in _TAKEN_OVER if name in instance.parameters}


async def _prepare(session: Session, instance: Served, first: bool) -> None:
    # Data of a restored instance has its names already, unless its source had never started until then.
    if first and await session.rows(f"SELECT FROM pg_roles WHERE rolname = {literal(MASTER)}"):
        await session.rows(f"ALTER ROLE {MASTER} RENAME TO {identifier(instance.master)}")
    if first and await session.rows(f"SELECT FROM pg_database WHERE datname = {literal(DATABASE)}"):
        named = f"ALTER DATABASE {DATABASE} RENAME TO {identifier(instance.database)}"
        await session.rows(named if instance.database else f"DROP DATABASE {DATABASE}")
    await _set_password(session, instance)


async def _set_password(session: Session, instance: Served) -> None:
    if instance.master_password is None:
        return
    password = literal(instance.master_password)
    await session.rows(f"ALTER ROLE {identifier(instance.master)} PASSWORD {password}")


def _as_replica(startup: Startup) -> Startup:
    """A replica reads what its source has, in a session that may not write."""
    options = f"{startup.parameters.get('options', '')} {_READ_ONLY}".strip()
    return Startup(startup.protocol, {**startup.parameters, "options": options})
