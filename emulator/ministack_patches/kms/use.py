"""What S3, Secrets Manager, DynamoDB and RDS encrypt under a customer managed key needs permission to use that key.

AWS: "Using server-side encryption with AWS KMS keys (SSE-KMS)" (Amazon S3 User Guide)
AWS: "Secret encryption and decryption in AWS Secrets Manager" (AWS Secrets Manager User Guide)
AWS: "DynamoDB encryption at rest: How it works" (Amazon DynamoDB Developer Guide)
AWS: "AWS KMS key management" (Amazon RDS User Guide)
Test: permissions.test.ts: by S3 needs the permission of the caller to read and write an encrypted object
Test: permissions.test.ts: an encrypted secret needs the permission of the caller to use the key for this secret
Test: permissions.test.ts: by DynamoDB needs the permission of the caller to read and write an item of an encrypted table
Test: permissions.test.ts: by RDS needs the permission of the caller to restore an encrypted snapshot
Test: restored-databases.test.ts: needs the permission on source, target, groups and key

A PutObject needs kms:GenerateDataKey on the key, a GetObject kms:Decrypt. Reading a secret needs
kms:Decrypt, writing it kms:GenerateDataKey as well. Any use of a table needs kms:Decrypt, which DynamoDB
remembers for five minutes for each caller. Restoring needs kms:CreateGrant and kms:Decrypt: RDS
holds a grant for the new instance. The services ask KMS on behalf of the caller,
so `kms:ViaService`, `kms:CallerAccount` and the service's encryption context are in the request.
MiniStack asks for no permission on the key.
"""

from __future__ import annotations

import contextvars
import time
from collections.abc import Iterator
from typing import Any

from ministack.core.responses import get_account_id, get_region
from ministack.services import dynamodb, kms, rds, s3, secretsmanager

from ..iam.conditions import s3_request_headers
from ..iam.resources import named_snapshot, named_source
from ..patch import Patch
from ..rds.automated_backups import retained
from ..shapes import Answer, Original, Record

# Action, key and encryption context.
Use = tuple[str, str, Record]

_SECRET_USES = {
    "secretsmanager:GetSecretValue": ("kms:Decrypt",),
    "secretsmanager:PutSecretValue": ("kms:GenerateDataKey", "kms:Decrypt"),
}

# "DynamoDB caches the plaintext table keys for each principal ... for five minutes", seconds.
_REMEMBERED = 300.0
_remembered: dict[tuple[str, str], float] = {}

_denied: contextvars.ContextVar[tuple[str, str] | None] = contextvars.ContextVar("denied", default=None)

PATCH = Patch(__name__, after=["iam.resources"])


@PATCH.wraps("ministack.core.iam_evaluator.enforce", digest="fcf4e614")
def _enforce_with_key(
    enforce: Original,
    access_key_id: str,
    iam_action: str,
    service: str,
    region: str,
    resource_arn: str = "*",
    service_context: Record | None = None,
) -> Any:
    _denied.set(None)
    refused = enforce(access_key_id, iam_action, service, region, resource_arn, service_context)
    if refused:
        return refused
    for action, key_arn, context in _uses(iam_action, resource_arn):
        if service == "dynamodb" and _remembered.get((access_key_id, key_arn), 0.0) > time.monotonic():
            continue
        via = {"kms:ViaService": f"{service}.{get_region()}.amazonaws.com", "kms:CallerAccount": get_account_id()}
        refused = enforce(access_key_id, action, "kms", region, key_arn, {**via, **context})
        if refused:
            _denied.set((action, key_arn))
            return refused
        if service == "dynamodb":
            _remembered[(access_key_id, key_arn)] = time.monotonic() + _REMEMBERED
    return None


@PATCH.wraps("ministack.core.iam_actions.access_denied_response", digest="93704ca2")
def _answer_with_key(
    answer: Original, service: str, action: str, principal_arn: str, request_id: str, **details: Any
) -> Answer:
    refused = _denied.get()
    if refused:
        action, details["resource_arn"] = refused
        details["resource_policy_arn"] = ""
    return answer(service, action, principal_arn, request_id, **details)


def _customer_key(key_id: str | None) -> str | None:
    if not key_id or "alias/aws/" in key_id:
        return None
    record = kms._resolve_key(key_id)
    if record:
        return record["Arn"]
    return key_id if key_id.startswith("arn:") else f"arn:aws:kms:{get_region()}:{get_account_id()}:key/{key_id}"


def _uses(iam_action: str, resource_arn: str) -> Iterator[Use]:
    if iam_action in ("s3:PutObject", "s3:GetObject"):
        yield from _object_uses(iam_action, resource_arn)
    if iam_action.startswith("dynamodb:"):
        yield from _table_uses(resource_arn)
    if iam_action == "rds:RestoreDBInstanceFromDBSnapshot":
        yield from _restore_uses(rds._snapshots.get(named_snapshot()))
    # Asked about each of its resources; the key is the source's.
    if iam_action == "rds:RestoreDBInstanceToPointInTime" and resource_arn.endswith(f":db:{named_source()}"):
        yield from _restore_uses(rds._instances.get(named_source()))
    if iam_action == "rds:RestoreDBInstanceToPointInTime" and ":auto-backup:" in resource_arn:
        yield from _restore_uses(retained(resource_arn, ""))
    for action in _SECRET_USES.get(iam_action, ()):
        _, secret = secretsmanager._resolve(resource_arn)
        key = _customer_key((secret or {}).get("KmsKeyId"))
        if key and secret:
            yield action, key, {"kms:EncryptionContext:SecretARN": secret["ARN"]}


def _restore_uses(restored: Record | None) -> Iterator[Use]:
    key = _customer_key((restored or {}).get("KmsKeyId"))
    if key:
        yield "kms:CreateGrant", key, {"kms:GrantIsForAWSResource": "true"}
        yield "kms:Decrypt", key, {}


def _table_uses(resource_arn: str) -> Iterator[Use]:
    name = resource_arn.partition(":table/")[2].partition("/")[0]
    encryption = (dynamodb._tables.get(name) or {}).get("SSEDescription") or {}
    key = _customer_key(encryption.get("KMSMasterKeyArn"))
    if key:
        of_table = {"tableName": name, "subscriberId": get_account_id()}
        yield (
            "kms:Decrypt",
            key,
            {f"kms:EncryptionContext:aws:dynamodb:{part}": value for part, value in of_table.items()},
        )


def _object_uses(iam_action: str, resource_arn: str) -> Iterator[Use]:
    bucket, _, key_name = resource_arn.split(":::", 1)[-1].partition("/")
    if iam_action == "s3:PutObject":
        written, problem = s3._resolve_sse_write_headers(s3_request_headers(), bucket)
        action, stored = "kms:GenerateDataKey", written if problem is None else {}
    else:
        record = s3._buckets.get(bucket) or {}
        action, stored = "kms:Decrypt", (record.get("objects", {}).get(key_name) or {}).get("preserved_headers", {})
    if not (stored or {}).get("x-amz-server-side-encryption", "").startswith("aws:kms"):
        return
    key = _customer_key(stored.get("x-amz-server-side-encryption-aws-kms-key-id"))
    if key:
        yield action, key, {"kms:EncryptionContext:aws:s3:arn": f"arn:aws:s3:::{bucket}"}
