"""A log group can have a data protection policy, and is listed with its status.

AWS: "PutDataProtectionPolicy" (Amazon CloudWatch Logs API Reference)
AWS: "GetDataProtectionPolicy" (Amazon CloudWatch Logs API Reference)
AWS: "DeleteDataProtectionPolicy" (Amazon CloudWatch Logs API Reference)
AWS: "LogGroup" (Amazon CloudWatch Logs API Reference)
Test: copies.test.ts: a log group with a data protection policy is listed as such, until the policy is deleted

Only what the policy says is kept: no event is masked, and nothing is sent. MiniStack knows none of these requests.
"""

from __future__ import annotations

import json
import time

from ministack.core.responses import error_response_json, json_response
from ministack.services import cloudwatch_logs

from ..further_requests import answering
from ..patch import Patch
from ..shapes import Answer, Original, Params, Record

_KEPT = "_dataProtection"

PATCH = Patch(__name__, after=["logs.account_policies", "speed.log_groups"])


def _about(data: Params) -> tuple[str, Record | None]:
    """The group that a request names by its name or its ARN."""
    name = str(data.get("logGroupIdentifier", "")).removesuffix(":*").split(":log-group:")[-1]
    return name, cloudwatch_logs._log_groups.get(name)


def _absent() -> Answer:
    answer: Answer = error_response_json("ResourceNotFoundException", "The specified log group does not exist.", 400)
    return answer


def _put(data: Params) -> Answer:
    name, group = _about(data)
    if group is None:
        return _absent()
    group[_KEPT] = {"policyDocument": data["policyDocument"], "lastUpdatedTime": int(time.time() * 1000)}
    return json_response({"logGroupIdentifier": name, **group[_KEPT]})


def _get(data: Params) -> Answer:
    name, group = _about(data)
    if group is None:
        return _absent()
    return json_response({"logGroupIdentifier": name, **(group.get(_KEPT) or {})})


def _delete(data: Params) -> Answer:
    _, group = _about(data)
    if group is None:
        return _absent()
    group[_KEPT] = None
    return json_response({})


PATCH.wraps("ministack.services.cloudwatch_logs.handle_request", digest="7f030364")(
    answering(
        {
            "PutDataProtectionPolicy": _put,
            "GetDataProtectionPolicy": _get,
            "DeleteDataProtectionPolicy": _delete,
        }
    )
)


@PATCH.wraps("ministack.services.cloudwatch_logs._describe_log_groups", digest="390a9fcc")
def _describe(describe: Original, data: Params) -> Answer:
    status, headers, body = describe(data)
    answered = json.loads(body)
    for entry in answered.get("logGroups", []):
        group = cloudwatch_logs._log_groups[entry["logGroupName"]]
        if _KEPT in group:
            entry["dataProtectionStatus"] = "ACTIVATED" if group[_KEPT] else "DELETED"
    return status, headers, json.dumps(answered).encode()
