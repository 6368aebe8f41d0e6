"""RDS holds grants on the key of a database, and EC2 one for its volume, as long as the database is there.

AWS: "AWS KMS key management" (Amazon RDS User Guide)
AWS: "Examining grants" (AWS KMS Developer Guide)
AWS: "Requirements for Amazon EBS encryption" (Amazon EBS User Guide)
Test: grants.test.ts: K1: RDS has grants on the key of its database, with constraints, until the database is deleted
Test: members.test.ts: has, when restored, the key of its snapshot and its own grants

RDS uses the key with the database's resource id as its encryption context, `aws:rds:db-id`, and its
grants are bound to it. ListGrants tells the service under `GranteeServicePrincipal`, and then no
`GranteePrincipal`. The grantee of the volume's grant is a session of `aws:ec2-infrastructure`, which
AWS alone can open. A database that is restored has its snapshot's key. MiniStack's RDS makes no
grants, and forgets the key.
"""

from __future__ import annotations

import hashlib
import time
from typing import Any

from ministack.core.responses import get_account_id, get_region
from ministack.services import kms, rds

from ..patch import Patch
from ..shapes import Answer, Made, Original, Params, Record

_INSTANCE = "ministack.services.cloudformation.provisioners._RESOURCE_HANDLERS[AWS::RDS::DBInstance]"
_ACTIONS = "ministack.services.rds._ACTION_MAP"

_OF_RDS = [
    "Decrypt",
    "Encrypt",
    "GenerateDataKey",
    "GenerateDataKeyWithoutPlaintext",
    "ReEncryptFrom",
    "ReEncryptTo",
    "CreateGrant",
    "RetireGrant",
    "DescribeKey",
]
_OF_VOLUMES = ["Decrypt"]

PATCH = Patch(
    __name__,
    after=["cloudformation.stores", "cloudformation.taken_names", "rds.automated_backups", "rds.changes"],
)


@PATCH.wraps(f"{_INSTANCE}[create]", digest="036dcd09")
def _create_with_stack(create: Original, logical_id: str, props: Record, *more: Any, **named: Any) -> Made:
    made: Made = create(logical_id, props, *more, **named)
    grant(rds._instances.get(made[0]))
    return made


@PATCH.wraps(f"{_INSTANCE}[delete]", digest="d06475bc")
def _delete_with_stack(delete: Original, physical_id: str, props: Record) -> None:
    instance = rds._instances.get(physical_id)
    delete(physical_id, props)
    _retire(instance)


@PATCH.wraps(f"{_ACTIONS}[CreateDBInstance]", digest="6325013d")
def _create_by_request(create: Original, params: Params) -> Answer:
    answer: Answer = create(params)
    if answer[0] < 400:
        grant(rds._resolve_instance(rds._p(params, "DBInstanceIdentifier")))
    return answer


@PATCH.wraps(f"{_ACTIONS}[RestoreDBInstanceFromDBSnapshot]", digest="abb598b4")
def _restore_by_request(restore: Original, params: Params) -> Answer:
    answer: Answer = restore(params)
    instance = rds._resolve_instance(rds._p(params, "DBInstanceIdentifier"))
    snapshot: Record = rds._snapshots.get(rds._p(params, "DBSnapshotIdentifier")) or {}
    if answer[0] < 400 and instance is not None:
        instance["KmsKeyId"] = snapshot.get("KmsKeyId", "")
        grant(instance)
    return answer


@PATCH.wraps(f"{_ACTIONS}[DeleteDBInstance]", digest="285f6830")
def _delete_by_request(delete: Original, params: Params) -> Answer:
    instance = rds._resolve_instance(rds._p(params, "DBInstanceIdentifier"))
    answer: Answer = delete(params)
    if answer[0] < 400:
        _retire(instance)
    return answer


def grant(instance: Record | None) -> None:
    key = kms._resolve_key((instance or {}).get("KmsKeyId") or "")
    if instance is None or key is None:
        return
    database = instance["DbiResourceId"]
    account, service = get_account_id(), f"rds.{get_region()}.amazonaws.com"
    volume = hashlib.sha256(database.encode()).hexdigest()[:17]
    session = f"arn:aws:sts::{account}:assumed-role/aws:ec2-infrastructure/i-{volume[::-1]}"
    context = {"aws:rds:db-id": database}
    _add(key, "rds", database, {"GranteeServicePrincipal": service}, _OF_RDS, context)
    volume_context = {**context, "aws:ebs:id": f"vol-{volume}"}
    _add(key, "volume", database, {"GranteePrincipal": session}, _OF_VOLUMES, volume_context)


def _add(key: Record, use: str, database: str, grantee: Record, operations: list[str], context: Record) -> None:
    grant_id = _id(use, database)
    kms._grants[grant_id] = {
        "KeyId": key["Arn"],
        "GrantId": grant_id,
        "Name": "",
        # Left out of an answer while it is None.
        "GranteePrincipal": None,
        **grantee,
        "RetiringPrincipal": f"rds.{get_region()}.amazonaws.com",
        "IssuingAccount": f"arn:aws:iam::{get_account_id()}:root",
        "CreationDate": int(time.time()),
        "Operations": operations,
        "Constraints": {"EncryptionContextSubset": context},
        "_tokens": [],
    }


def _retire(instance: Record | None) -> None:
    if instance is not None:
        for use in ("rds", "volume"):
            kms._grants.pop(_id(use, instance["DbiResourceId"]), None)


def _id(use: str, database: str) -> str:
    return hashlib.sha256(f"{use} {database}".encode()).hexdigest()
