"""A table's resource-based policy binds every principal of the account.

AWS: "Using resource-based policies for DynamoDB" (Amazon DynamoDB Developer Guide)
Test: permissions.test.ts: a Deny in the policy of a table overrides every permission of the caller

A template may give a table such a policy (`ResourcePolicy`). MiniStack keeps policies that are put
by the API, asks none, and drops those of a template.
"""

from __future__ import annotations

import json
from typing import Any

from ministack.core.responses import get_account_id
from ministack.services import dynamodb

from ..patch import Patch
from ..shapes import Made, Original, Record

_HANDLER = "ministack.services.cloudformation.provisioners._RESOURCE_HANDLERS[AWS::DynamoDB::Table]"

PATCH = Patch(__name__, after=["cloudformation.table_key"])


@PATCH.wraps(f"{_HANDLER}[create]", digest="fccde1f6")
def _create_with_policy(create: Original, logical_id: str, props: Record, stack_name: str) -> Made:
    name, attributes = create(logical_id, props, stack_name)
    _put_policy(name, props)
    return name, attributes


@PATCH.wraps(f"{_HANDLER}[update]", digest="ff889cfd")
def _update_with_policy(
    update: Original, physical_id: str, old: Record, new: Record, *args: Any, **kwargs: Any
) -> Made:
    name, attributes = update(physical_id, old, new, *args, **kwargs)
    _put_policy(name, new)
    return name, attributes


def _put_policy(name: str, props: Record) -> None:
    table = dynamodb._tables.get(name)
    if table is None:
        return
    document = (props.get("ResourcePolicy") or {}).get("PolicyDocument")
    if document:
        dynamodb._put_resource_policy({"ResourceArn": table["TableArn"], "Policy": json.dumps(document)})
    else:
        dynamodb._resource_policies.pop(table["TableArn"], None)


@PATCH.adds("ministack.services.dynamodb.table_policy_for_arn")
def _table_policy_for_arn(arn: str) -> tuple[str, str] | None:
    """A policy of a table is also asked for its indexes."""
    kept = dynamodb._resource_policies.get(arn.partition("/index/")[0])
    return (kept["Policy"], get_account_id()) if kept else None


PATCH.adds("ministack.core.iam_evaluator._RESOURCE_POLICY_LOOKUPS[dynamodb]")(("dynamodb", "table_policy_for_arn"))
