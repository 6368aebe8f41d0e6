"""Credentials of a task role, as ECS's agent hands them to the containers of a task.

AWS: "Amazon ECS task IAM role" (Amazon ECS Developer Guide): the container asks the address that
AWS_CONTAINER_CREDENTIALS_FULL_URI names, and gets a session of the task's role, for a role whose trust policy lets
ecs-tasks.amazonaws.com assume it. A local process that plays a task asks here, for the role that it names itself.
"""

from __future__ import annotations

import json
import secrets
import time
from typing import Any
from urllib.parse import parse_qs

PATH = "/_local/credentials"
_TRUSTED = "ecs-tasks.amazonaws.com"
_SESSION_SECONDS = 6 * 3600


def with_task_credentials(app: Any) -> Any:
    async def dispatch(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http" or scope["path"] != PATH:
            await app(scope, receive, send)
            return
        query = parse_qs(scope.get("query_string", b"").decode("latin-1"))
        status, answer = _session(query.get("role", [""])[0])
        body = json.dumps(answer).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return dispatch


def _session(role_arn: str) -> tuple[int, dict[str, str]]:
    from ministack.services import iam, sts

    name = role_arn.rsplit("/", 1)[-1]
    account_id = role_arn.split(":")[4] if role_arn.count(":") >= 5 else ""
    role = iam._roles.get_scoped(account_id, None, name)
    if role is None or role["Arn"] != role_arn:
        return 404, {"code": "NoSuchEntity", "message": f"there is no role {role_arn}"}
    if not _trusts_tasks(role["AssumeRolePolicyDocument"]):
        return 403, {"code": "AccessDenied", "message": f"{role_arn} does not trust {_TRUSTED}"}
    access_key = f"ASIA{secrets.token_hex(8).upper()}"
    secret_key, token, session = secrets.token_urlsafe(30), secrets.token_urlsafe(60), secrets.token_hex(16)
    expiration = time.time() + _SESSION_SECONDS
    sts.register_session(
        access_key,
        {
            "Arn": f"arn:aws:sts::{account_id}:assumed-role/{name}/{session}",
            "UserId": f"{role['RoleId']}:{session}",
            "SecretAccessKey": secret_key,
            "SessionToken": token,
            "Expiration": expiration,
        },
    )
    return 200, {
        "RoleArn": role_arn,
        "AccessKeyId": access_key,
        "SecretAccessKey": secret_key,
        "Token": token,
        "Expiration": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(expiration)),
    }


def _trusts_tasks(policy: str | dict) -> bool:
    document = json.loads(policy) if isinstance(policy, str) else policy
    statements = document["Statement"]
    for statement in statements if isinstance(statements, list) else [statements]:
        principal = statement.get("Principal")
        services = principal.get("Service", []) if isinstance(principal, dict) else []
        if statement["Effect"] == "Allow" and _TRUSTED in ([services] if isinstance(services, str) else services):
            return True
    return False
