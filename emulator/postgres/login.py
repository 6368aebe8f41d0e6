"""Who may log in, and what RDS says to everybody else."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
from dataclasses import dataclass

from .served import Rds, Served
from .template import SUPERUSER
from .wire import Refused, Session, Startup, literal

# A member of rds_iam may inherit from it, or become it. A right to grant it to others (ADMIN) is no membership.
_ACCOUNT = """
SELECT rolpassword, pg_has_role(oid, 'rds_iam', 'USAGE') OR pg_has_role(oid, 'rds_iam', 'SET')
FROM pg_authid WHERE rolname = {}
"""


@dataclass(frozen=True)
class Account:
    """What the server knows of a user."""

    # SCRAM-SHA-256$ITERATIONS:SALT$STORED:SERVER
    verifier: str | None
    by_token: bool


async def account_of(session: Session, user: str) -> Account | None:
    rows = await session.rows(_ACCOUNT.format(literal(user)))
    return Account(rows[0][0], rows[0][1] == "t") if rows and user != SUPERUSER else None


def require_encryption(startup: Startup, account: Account | None, instance: Served, encrypted: bool) -> None:
    """@throws Refused in the words of pg_hba.conf: RDS has a line that rejects users of rds_iam, and none for the others"""
    if encrypted:
        return
    who = f'for host "127.0.0.1", user "{startup.user}", database "{startup.database}", no encryption'
    if account and account.by_token:
        raise Refused("28000", f"pg_hba.conf rejects connection {who}")
    if instance.parameters.get("rds.force_ssl", "1") == "1":
        raise Refused("28000", f"no pg_hba.conf entry {who}")


async def require_secret(user: str, secret: str, account: Account | None, instance: Served, rds: Rds) -> None:
    """@param secret password or token; @throws Refused"""
    if user == SUPERUSER or (account and account.by_token):
        if user == SUPERUSER or not await rds.admits(instance.resource_id, user, secret):
            raise Refused("28000", f'PAM authentication failed for user "{user}"')
    elif account is None or not await asyncio.to_thread(_matches, secret, account.verifier):
        raise Refused("28P01", f'password authentication failed for user "{user}"')


def _matches(password: str, verifier: str | None) -> bool:
    """ "SCRAM-SHA-256 Secrets" (PostgreSQL, pg_authid): the stored key is a digest of what the password yields."""
    scheme, _, rest = (verifier or "").partition("$")
    if scheme != "SCRAM-SHA-256":
        return False
    cost, keys = rest.split("$")
    iterations, salt = cost.split(":")
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), base64.b64decode(salt), int(iterations))
    client_key = hmac.digest(salted, b"Client Key", "sha256")
    return hmac.compare_digest(hashlib.sha256(client_key).digest(), base64.b64decode(keys.split(":")[0]))
