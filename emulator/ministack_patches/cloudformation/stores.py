"""Databases, secrets and buckets made by CloudFormation have the attributes that AWS gives them, and resist deletion.

AWS: "Working with DB instance read replicas" (Amazon RDS User Guide)
AWS: "AWS::RDS::DBInstance" (AWS CloudFormation Template Reference Guide)
AWS: "AWS::SecretsManager::Secret" (AWS CloudFormation Template Reference Guide)
AWS: "AWS::S3::Bucket" (AWS CloudFormation Template Reference Guide)
Test: cloudformation.test.ts: a replica gets key, subnet group and engine of its source, and Ref of a secret is its ARN
Test: stack-failures.test.ts: a bucket is deleted with its stack only when it is empty, versions and delete markers included

A replica in its source's region takes over the source's encryption key, subnet group, engine and
storage, and each names the other. Keys are reported as ARNs, a protected instance is not deleted,
and `Ref` of a secret is its ARN. Only an empty bucket can be deleted.
"""

from __future__ import annotations

import json
import secrets as randomness
import string
from typing import Any
from xml.etree import ElementTree

from ministack.services import kms, rds, s3, secretsmanager

from ..patch import Patch
from ..shapes import Made, Original, Record

_INHERITED = (
    "StorageEncrypted",
    "KmsKeyId",
    "DBSubnetGroup",
    "Engine",
    "EngineVersion",
    "LicenseModel",
    "MasterUsername",
    "_MasterUserPassword",
    "DBName",
    "AllocatedStorage",
    "MaxAllocatedStorage",
    "StorageType",
)
_PROVISIONERS = "ministack.services.cloudformation.provisioners"
_INSTANCE = f"{_PROVISIONERS}._RESOURCE_HANDLERS[AWS::RDS::DBInstance]"
_SECRET = f"{_PROVISIONERS}._RESOURCE_HANDLERS[AWS::SecretsManager::Secret]"

PATCH = Patch(__name__)


@PATCH.wraps(f"{_INSTANCE}[create]", f"{_PROVISIONERS}._rds_db_instance_create", digest="036dcd09")
def _create_instance(create: Original, logical_id: str, props: Record, stack_name: str) -> Made:
    source = _source_of(props)
    physical_id, attributes = create(logical_id, {**props, "Engine": _engine(props, source)}, stack_name)
    instance = rds._instances[physical_id]
    instance["KmsKeyId"] = key_arn(instance["KmsKeyId"])
    if props.get("PerformanceInsightsKMSKeyId"):
        instance["PerformanceInsightsKMSKeyId"] = key_arn(props["PerformanceInsightsKMSKeyId"])
    instance["EnabledCloudwatchLogsExports"] = list(props.get("EnableCloudwatchLogsExports") or [])
    if source is not None:
        instance.update({name: source[name] for name in _INHERITED if name in source})
        instance["ReadReplicaSourceDBInstanceIdentifier"] = source["DBInstanceIdentifier"]
        source["ReadReplicaDBInstanceIdentifiers"].append(physical_id)
        instance["Endpoint"]["Port"] = int(props.get("Port") or source["Endpoint"]["Port"])
        attributes["Endpoint.Port"] = str(instance["Endpoint"]["Port"])
    return physical_id, attributes


@PATCH.wraps(f"{_INSTANCE}[delete]", digest="d06475bc")
def _delete_instance(delete: Original, physical_id: str, props: Record) -> None:
    instance = rds._instances.get(physical_id)
    if instance is not None and instance.get("DeletionProtection"):
        raise ValueError("Cannot delete protected DB Instance, please disable deletion protection and try again.")
    delete(physical_id, props)
    for other in rds._instances.values():
        replicas = other.get("ReadReplicaDBInstanceIdentifiers", [])
        if physical_id in replicas:
            replicas.remove(physical_id)


@PATCH.wraps("ministack.services.rds._instance_xml", digest="12a61a85")
def _describe_all_attributes(render: Original, instance: Record, *args: Any, **kwargs: Any) -> str:
    exports = "".join(f"<member>{name}</member>" for name in instance.get("EnabledCloudwatchLogsExports", []))
    insights_key = instance.get("PerformanceInsightsKMSKeyId")
    told = f"<EnabledCloudwatchLogsExports>{exports}</EnabledCloudwatchLogsExports>" + (
        f"<PerformanceInsightsKMSKeyId>{insights_key}</PerformanceInsightsKMSKeyId>" if insights_key else ""
    )
    text: str = render(instance, *args, **kwargs)
    return text.replace("<EnabledCloudwatchLogsExports/>", told)


@PATCH.wraps(f"{_SECRET}[create]", digest="f0e37a28")
def _create_secret_by_arn(create: Original, logical_id: str, props: Record, stack_name: str) -> Made:
    _, attributes = create(logical_id, props, stack_name)
    return attributes["Arn"], attributes


# MiniStack keeps secrets by name; the physical id is an ARN.


@PATCH.wraps(f"{_SECRET}[update]", digest="6265e3a4")
def _update_secret_by_arn(update: Original, physical_id: str, *args: Any, **kwargs: Any) -> Made | None:
    answer = update(_name_of(physical_id), *args, **kwargs)
    return (answer[1]["Arn"], answer[1]) if answer else None


@PATCH.wraps(f"{_SECRET}[delete]", digest="3dd49de6")
def _delete_secret_by_arn(delete: Original, physical_id: str, *args: Any, **kwargs: Any) -> None:
    delete(_name_of(physical_id), *args, **kwargs)


def _name_of(secret_arn: str) -> str:
    name, _ = secretsmanager._resolve(secret_arn)
    return name or secret_arn


@PATCH.replaces(f"{_PROVISIONERS}._RESOURCE_HANDLERS[AWS::S3::Bucket][delete]", digest="ef4dd5fe")
def _delete_bucket(physical_id: str, props: Record) -> None:
    status, _, body = s3._delete_bucket(physical_id)
    if status < 400 or status == 404:
        return
    message = ElementTree.fromstring(body).findtext("Message") or ""
    if s3._bucket_has_versions(physical_id):
        message += ". You must delete all versions in the bucket."
    raise ValueError(
        f'Resource handler returned message: "{message} (Service: S3, Status Code: {status})" '
        "(HandlerErrorCode: GeneralServiceException)"
    )


def _source_of(props: Record) -> Record | None:
    named = props.get("SourceDBInstanceIdentifier")
    if not named:
        return None
    source = rds._instances.get(named.rsplit(":", 1)[-1])
    if source is None:
        raise ValueError(f"DBInstance {named} not found.")
    return source


def _engine(props: Record, source: Record | None) -> str:
    return props.get("Engine") or (source or {}).get("Engine", "postgres")


def key_arn(key_id: str) -> str:
    record = kms._resolve_key(key_id) if key_id else None
    return record["Arn"] if record else key_id


@PATCH.replaces(f"{_PROVISIONERS}._sm_secret_string", digest="0ea379b3")
def _secret_string(props: Record) -> str:
    """GenerateSecretString with all of its exclusions."""
    wanted = props.get("GenerateSecretString")
    if props.get("SecretString") or wanted is None:
        return props.get("SecretString", "")
    excluded = set(wanted.get("ExcludeCharacters", ""))
    groups = {
        "ExcludeLowercase": string.ascii_lowercase,
        "ExcludeUppercase": string.ascii_uppercase,
        "ExcludeNumbers": string.digits,
        "ExcludePunctuation": string.punctuation,
    }
    alphabet = [
        character
        for exclusion, characters in groups.items()
        if str(wanted.get(exclusion, False)).lower() != "true"
        for character in characters
        if character not in excluded
    ]
    generated = "".join(randomness.choice(alphabet) for _ in range(int(wanted.get("PasswordLength", 32))))
    if "SecretStringTemplate" not in wanted:
        return generated
    return json.dumps({**json.loads(wanted["SecretStringTemplate"]), wanted["GenerateStringKey"]: generated})
