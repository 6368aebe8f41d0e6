"""A table made by CloudFormation is under the key of its template, and has its point-in-time recovery.

AWS: "AWS::DynamoDB::Table SSESpecification" (AWS CloudFormation Template Reference Guide)
AWS: "AWS::DynamoDB::Table PointInTimeRecoverySpecification" (AWS CloudFormation Template Reference Guide)
Test: permissions.test.ts: by DynamoDB needs the permission of the caller to read and write an item of an encrypted table
Test: descriptions.test.ts: a topic is under the key of its template, a table has its point-in-time recovery

The template says `SSEEnabled` where the API says `Enabled`. MiniStack makes each table of a template
without encryption settings and without point-in-time recovery.
"""

from __future__ import annotations

from ministack.services import dynamodb

from ..patch import Patch
from ..shapes import Record
from .kept import keeps

PATCH = Patch(__name__)


@keeps(PATCH, "AWS::DynamoDB::Table", create="fccde1f6", update="ff889cfd")
def _keep(name: str, props: Record) -> None:
    _encrypt(name, props)
    _keep_recovery(name, props)


def _encrypt(name: str, props: Record) -> None:
    given = props.get("SSESpecification") or {}
    enabled = str(given.get("SSEEnabled", "")).lower() == "true"
    table = dynamodb._tables.get(name)
    if enabled and table is not None:
        table["SSEDescription"] = dynamodb._sse_description_from_spec({**given, "Enabled": True})


def _keep_recovery(name: str, props: Record) -> None:
    given = props.get("PointInTimeRecoverySpecification") or {}
    dynamodb._pitr_settings[name] = str(given.get("PointInTimeRecoveryEnabled", "")).lower() == "true"
