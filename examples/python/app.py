#!/usr/bin/env python3
"""An application of your own, in Python, in place of the shared service.

docs/your-application.md says what it must do: find the tenant of a host, take the tenant's role,
use nothing that is not the tenant's, answer /healthz, and end on SIGTERM.
"""

from __future__ import annotations

import os
import re
import signal
import ssl
import threading
import time
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import botocore.session
import pg8000.dbapi
from botocore.config import Config

DOMAIN = os.environ["DOMAIN"]
TABLE_NAME = os.environ["TABLE_NAME"]
# botocore itself reads AWS_DEFAULT_REGION alone.
REGION = os.environ["AWS_REGION"]
VERSION = os.environ.get("SERVICE_VERSION", "unknown")
# The last file of service/migrations that this version knows, and the last that it needs.
KNOWS = "0001-leads"
NEEDS = "0001-leads"

ROUTE_SECONDS = 5
SESSION_SECONDS = 900
# A session is opened anew this long before its credentials expire.
SAFETY_SECONDS = 60
# Of one task to one tenant's database: what the connection budget of a cell allows.
POOL_CONNECTIONS = 2
# Of a body that is not wanted.
MOST_BYTES = 65_536
CONFIG = Config(connect_timeout=1, read_timeout=5, retries={"max_attempts": 3, "mode": "standard"})

_task = botocore.session.get_session()
_table = _task.create_client("dynamodb", region_name=REGION, config=CONFIG)
_sts = _task.create_client("sts", region_name=REGION, config=CONFIG)


class Closed(Exception):
    """The tenant is being set up or suspended, or its database cannot be used: 503, for this tenant alone."""


class Behind(Closed):
    """The tenant's database lacks a migration that this version needs. A release is told so at /healthz."""


@dataclass
class Session:
    """What is opened with the role of one tenant, and with nothing else."""

    route: dict[str, Any]
    aws: botocore.session.Session
    until: float

    @property
    def connections(self) -> threading.BoundedSemaphore:
        """Of the tenant, and not of the session: a database that is down ends sessions, and is asked by two requests still."""
        return _turns.setdefault(self.route["tenantId"], threading.BoundedSemaphore(POOL_CONNECTIONS))

    def page(self) -> bytes:
        client = self.aws.create_client("s3", region_name=REGION, config=CONFIG)
        body: bytes = client.get_object(Bucket=self.route["bucketName"], Key="index.html")["Body"].read()
        return body

    def leads(self) -> int:
        """Logs in as the tenant's database user, with a token that the tenant's role has signed."""
        database, user = self.route["database"], f"app_{self.route['tenantId']}"
        host, port = database["host"], int(database["port"])
        rds = self.aws.create_client("rds", region_name=REGION)
        token = rds.generate_db_auth_token(DBHostname=host, Port=port, DBUsername=user, Region=REGION)
        turns = self.connections
        if not turns.acquire(timeout=3):
            raise Closed("too many requests wait for this database")
        try:
            authorities = ssl.create_default_context(cafile=os.environ["PGSSLROOTCERT"])
            connection = pg8000.dbapi.connect(
                user, host=host, port=port, database="funnels", password=token, ssl_context=authorities, timeout=5
            )
            try:
                cursor = connection.cursor()
                cursor.execute("SELECT count(*) FROM leads")
                count: int = cursor.fetchone()[0]
                return count
            finally:
                connection.close()
        finally:
            turns.release()


_routes: dict[str, tuple[float, dict[str, Any] | None]] = {}
_sessions: dict[str, Session] = {}
_turns: dict[str, threading.BoundedSemaphore] = {}


def _plain(value: dict[str, Any]) -> Any:
    """A value as DynamoDB spells it."""
    [(kind, content)] = value.items()
    return {name: _plain(member) for name, member in content.items()} if kind == "M" else content


def route_of(host: str) -> dict[str, Any] | None:
    """Reads the route of a host. The answer is used for seconds, so that a suspended tenant is closed at once."""
    read, route = _routes.get(host, (0.0, None))
    if time.monotonic() - read > ROUTE_SECONDS or route is None:
        key = {"pk": {"S": f"ROUTE#{host}"}, "sk": {"S": "ROUTE"}}
        item = _table.get_item(TableName=TABLE_NAME, Key=key).get("Item")
        route = {name: _plain(value) for name, value in item.items()} if item else None
        if route:
            _routes[host] = (time.monotonic(), route)
    return route


def session_of(route: dict[str, Any]) -> Session:
    tenant_id = route["tenantId"]
    if route["status"] != "ACTIVE":
        _sessions.pop(tenant_id, None)
        raise Closed("not served")
    if "database" in route and route["database"].get("version", "0001")[:4] < NEEDS[:4]:
        _sessions.pop(tenant_id, None)
        raise Behind(f"behind {NEEDS}")
    session = _sessions.get(tenant_id)
    if session and session.until > time.monotonic() and session.route == route:
        return session
    given = _sts.assume_role(
        RoleArn=route["roleArn"],
        RoleSessionName=f"service-{tenant_id}",
        ExternalId=route["externalId"],
        DurationSeconds=SESSION_SECONDS,
        Tags=[{"Key": "tenantId", "Value": tenant_id}],
    )["Credentials"]
    aws = botocore.session.Session()
    aws.set_credentials(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])
    session = Session(route, aws, time.monotonic() + SESSION_SECONDS - SAFETY_SECONDS)
    _sessions[tenant_id] = session
    return session


def host_of(header: str | None) -> str | None:
    """The Host header without port and root dot; none that is not one label and the domain."""
    host = re.sub(r"\.$", "", re.sub(r":\d{0,5}$", "", (header or "").lower()))
    return host if re.fullmatch(rf"[a-z0-9]([a-z0-9-]{{0,61}}[a-z0-9])?\.{re.escape(DOMAIN)}", host) else None


def page_of(header: str | None) -> bytes | None:
    host = host_of(header)
    route = route_of(host) if host else None
    if route is None:
        return None
    session = session_of(route)
    try:
        page = session.page()
        return page if "database" not in route else page + f"\n<!-- {session.leads()} leads -->\n".encode()
    except Exception:
        # A role that was made anew denies the sessions of the old one: the next request opens a new session.
        _sessions.pop(route["tenantId"], None)
        raise


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Seconds without a byte from the client: a slow one would keep its thread.
    timeout = 20

    def do_GET(self) -> None:
        try:
            url = urlsplit(self.path)
        except ValueError:
            # A visitor may ask for what is no URL, such as `//[`. An answer 5xx would count against this version.
            self._send(404, b"Nothing is here.\n")
            return
        try:
            if url.path == "/healthz":
                self._health(parse_qs(url.query).get("host", [None])[0])
            else:
                self._page(url.path)
        except Exception as failure:
            print(repr(failure))
            self._send(503, b"This page cannot be shown right now.\n")

    do_HEAD = do_GET

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """What the server refuses by itself. A method that is not served is 501 by default, and the visitor's mistake."""
        length = self.headers["content-length"] if code == HTTPStatus.NOT_IMPLEMENTED else None
        if length and length.isdecimal():
            # Unread bytes would end the connection before the answer has arrived.
            self.rfile.read(min(int(length), MOST_BYTES))
        self._send(405 if code >= 500 else code, b"This request is not valid.\n")

    def _page(self, path: str) -> None:
        try:
            page = page_of(self.headers["host"]) if path == "/" else None
        except Closed:
            self._send(503, b"This site is not available right now.\n")
        else:
            self._send(*((404, b"Nothing is here.\n") if page is None else (200, page, "text/html")))

    def _health(self, host: str | None) -> None:
        """The load balancer asks without a host; a release asks for each tenant, before it moves one."""
        try:
            served = host is None or page_of(host) is not None
            self._send(*((200, f"ok {VERSION}\n".encode()) if served else (404, b"not served\n")))
        except Behind as behind:
            self._send(503, f"{behind}\n".encode())
        except Closed:
            self._send(404, b"not served\n")

    def _send(self, status: int, body: bytes, kind: str = "text/plain") -> None:
        self.send_response(status)
        self.send_header("content-type", f"{kind}; charset=utf-8")
        self.send_header("content-length", str(len(body)))
        if status == 503:
            self.send_header("retry-after", "10")
        self.send_header("cache-control", "private, no-cache")
        # A release counts the answers of its version by this header.
        self.send_header("x-service-version", VERSION)
        self.send_header("x-service-migration", KNOWS)
        # A connection that the load balancer keeps would have a thread of its own, which SIGTERM waits for.
        self.send_header("connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


def main() -> None:
    server = ThreadingHTTPServer((os.environ.get("HOST", "0.0.0.0"), int(os.environ.get("PORT", "8080"))), Handler)
    server.daemon_threads = False
    # ECS kills a task 30 s after SIGTERM: no new connection, and the requests under way are answered.
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    server.serve_forever()
    server.server_close()


if __name__ == "__main__":
    main()
