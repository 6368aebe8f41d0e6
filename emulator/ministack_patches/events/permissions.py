"""A permission of an event bus names an account by the ARN of its root.

AWS: "PutPermission" (Amazon EventBridge API Reference)
AWS: "Permissions for event buses in Amazon EventBridge" (Amazon EventBridge User Guide)
Test: buses.test.ts: PutPermission names the root of the account that gets the permission

MiniStack writes the account's number into the policy as it was given.
"""

from __future__ import annotations

from typing import Any

from ministack.services import eventbridge

from ..patch import Patch
from ..shapes import Original, Record

PATCH = Patch(__name__)


@PATCH.wraps("ministack.services.eventbridge._put_permission", digest="0ec49f81")
def _put_for_root(put: Original, request: Record) -> Any:
    answer = put(request)
    policy = eventbridge._event_bus_policies.get(request.get("EventBusName", "default"), {})
    for statement in policy.get("Statement", []):
        account = statement["Principal"]
        if isinstance(account, str) and account.isdigit():
            statement["Principal"] = {"AWS": f"arn:aws:iam::{account}:root"}
    return answer
