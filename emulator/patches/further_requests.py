"""Requests that Secrets Manager and CloudWatch Logs answer on AWS, and that take back others.

AWS: "CancelRotateSecret" and "RemoveRegionsFromReplication" (AWS Secrets Manager API Reference): rotation is off, what it was
configured with stays; the replicas of the Regions are gone. "AssociateKmsKey" and "DisassociateKmsKey" (Amazon CloudWatch Logs API
Reference): a log group that exists gets another key, or none. MiniStack knows none of the four.
"""

from __future__ import annotations

import json
from typing import Any, Callable

from ministack.core.responses import error_response_json, get_account_id, json_response
from ministack.services import cloudwatch_logs, secretsmanager

Handler = Callable[[dict], Any]


def apply() -> None:
    _answer(secretsmanager, {"CancelRotateSecret": _cancel_rotation, "RemoveRegionsFromReplication": _remove_regions})
    _answer(cloudwatch_logs, {"AssociateKmsKey": _associate_key, "DisassociateKmsKey": _disassociate_key})


def _answer(service: Any, handlers: dict[str, Handler]) -> None:
    handle = service.handle_request
    known = handle.__code__.co_consts
    names = {name for one in known if isinstance(one, tuple) for name in one} | {one for one in known if isinstance(one, str)}
    for action in handlers:
        assert action not in names, f"{action} is there now"

    async def handle_request(method, path, headers, body, query_params):
        handler = handlers.get(headers.get("x-amz-target", "").split(".")[-1])
        if handler is None:
            return await handle(method, path, headers, body, query_params)
        return handler(json.loads(body or "{}"))

    service.handle_request = handle_request


def _secret(data: dict) -> dict | None:
    return secretsmanager._resolve(data.get("SecretId"))[1]


def _no_secret() -> Any:
    return error_response_json("ResourceNotFoundException", "Secrets Manager can't find the specified secret.", 400)


def _cancel_rotation(data: dict) -> Any:
    secret = _secret(data)
    if secret is None:
        return _no_secret()
    secret["RotationEnabled"] = False
    return json_response({"ARN": secret["ARN"], "Name": secret["Name"]})


def _remove_regions(data: dict) -> Any:
    secret = _secret(data)
    if secret is None:
        return _no_secret()
    gone = data.get("RemoveReplicaRegions") or []
    for region in gone:
        secretsmanager._secrets.pop_scoped(get_account_id(), region, secret["Name"], None)
    secret["ReplicationStatus"] = [one for one in secret.get("ReplicationStatus", []) if one["Region"] not in gone]
    return json_response({"ARN": secret["ARN"], "ReplicationStatus": secret["ReplicationStatus"]})


def _with_key(data: dict, key: str | None) -> Any:
    group = cloudwatch_logs._log_groups.get(data.get("logGroupName"))
    if group is None:
        return error_response_json("ResourceNotFoundException", "The specified log group does not exist.", 400)
    group["kmsKeyId"] = key
    return json_response({})


def _associate_key(data: dict) -> Any:
    return _with_key(data, data.get("kmsKeyId"))


def _disassociate_key(data: dict) -> Any:
    return _with_key(data, None)
