"""A table made by CloudFormation is under the key of its template, and has its point-in-time recovery.

AWS: "AWS::DynamoDB::Table SSESpecification" (AWS CloudFormation Template Reference Guide)
AWS: "AWS::DynamoDB::Table PointInTimeRecoverySpecification" (AWS CloudFormation Template Reference Guide)
Test: permissions.test.ts: by DynamoDB needs the permission of the caller to read and write an item of an encrypted table
Test: descriptions.test.ts: a topic is under the key of its template, a table has its point-in-time recovery

The template says `SSEEnabled` where the API says `Enabled`. MiniStack makes each table of a template
without encryption settings and without point-in-time recovery.
"""

from __future__ import annotations

from typing import Any

from ministack.services import dynamodb

from ..patch import Patch
from ..shapes import Made, Original, Record

_HANDLER = "ministack.services.cloudformation.provisioners._RESOURCE_HANDLERS[AWS::DynamoDB::Table]"

PATCH = Patch(__name__)


@PATCH.wraps(f"{_HANDLER}[create]", digest="fccde1f6")
def _create_encrypted(create: Original, logical_id: str, props: Record, stack_name: str) -> Made:
    name, attributes = create(logical_id, props, stack_name)
    _encrypt(name, props)
    _keep_recovery(name, props)
    return name, attributes


@PATCH.wraps(f"{_HANDLER}[update]", digest="ff889cfd")
def _update_encrypted(update: Original, physical_id: str, old: Record, new: Record, *args: Any, **kwargs: Any) -> Made:
    name, attributes = update(physical_id, old, new, *args, **kwargs)
    _encrypt(name, new)
    _keep_recovery(name, new)
    return name, attributes


def _encrypt(name: str, props: Record) -> None:
    given = props.get("SSESpecification") or {}
    enabled = str(given.get("SSEEnabled", "")).lower() == "true"
    table = dynamodb._tables.get(name)
    if enabled and table is not None:
        table["SSEDescription"] = dynamodb._sse_description_from_spec({**given, "Enabled": True})


def _keep_recovery(name: str, props: Record) -> None:
    given = props.get("PointInTimeRecoverySpecification") or {}
    dynamodb._pitr_settings[name] = str(given.get("PointInTimeRecoveryEnabled", "")).lower() == "true"
