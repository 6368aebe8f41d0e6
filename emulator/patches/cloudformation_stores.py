"""Databases, secrets and buckets made by CloudFormation have the attributes that AWS gives them, and are as hard to delete.

AWS: "Working with DB instance read replicas" (Amazon RDS User Guide): a replica in its source's region takes over the
source's encryption key, subnet group, engine and storage, and each names the other. "AWS::RDS::DBInstance" and
"AWS::SecretsManager::Secret" (AWS CloudFormation Template Reference Guide): keys are reported as ARNs, a protected
instance is not deleted, and `Ref` of a secret is its ARN. "AWS::S3::Bucket": you can only delete empty buckets.
"""

from __future__ import annotations

import json
import secrets as randomness
import string
from xml.etree import ElementTree

from ministack.services import kms, rds, s3, secretsmanager
from ministack.services.cloudformation import provisioners

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


def apply() -> None:
    handlers = provisioners._RESOURCE_HANDLERS
    assert handlers["AWS::RDS::DBInstance"]["create"] is provisioners._rds_db_instance_create
    assert handlers["AWS::SecretsManager::Secret"]["create"] is provisioners._sm_secret_create
    create, delete = provisioners._rds_db_instance_create, provisioners._rds_db_instance_delete
    create_secret, resolve_secret = provisioners._sm_secret_create, secretsmanager._resolve

    def create_instance(logical_id, props, stack_name):
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

    def delete_instance(physical_id, props):
        instance = rds._instances.get(physical_id)
        if instance is not None and instance.get("DeletionProtection"):
            raise ValueError("Cannot delete protected DB Instance, please disable deletion protection and try again.")
        delete(physical_id, props)
        for other in rds._instances.values():
            replicas = other.get("ReadReplicaDBInstanceIdentifiers", [])
            if physical_id in replicas:
                replicas.remove(physical_id)

    def create_secret_by_arn(logical_id, props, stack_name):
        _, attributes = create_secret(logical_id, props, stack_name)
        return attributes["Arn"], attributes

    provisioners._rds_db_instance_create = create_instance
    handlers["AWS::RDS::DBInstance"].update(create=create_instance, delete=delete_instance)
    handlers["AWS::SecretsManager::Secret"].update(
        create=create_secret_by_arn,
        update=_by_name(resolve_secret, provisioners._sm_secret_update),
        delete=_by_name(resolve_secret, provisioners._sm_secret_delete),
    )
    provisioners._sm_secret_string = _secret_string
    assert handlers["AWS::S3::Bucket"]["delete"] is provisioners._s3_delete
    handlers["AWS::S3::Bucket"]["delete"] = _delete_bucket
    _describe_all_attributes()


def _delete_bucket(physical_id, props):
    status, _, body = s3._delete_bucket(physical_id)
    if status < 400 or status == 404:
        return
    message = ElementTree.fromstring(body).findtext("Message")
    if s3._bucket_has_versions(physical_id):
        message += ". You must delete all versions in the bucket."
    raise ValueError(
        f'Resource handler returned message: "{message} (Service: S3, Status Code: {status})" '
        "(HandlerErrorCode: GeneralServiceException)"
    )


def _describe_all_attributes():
    render = rds._instance_xml
    gap = "<EnabledCloudwatchLogsExports/>"
    assert gap in render.__code__.co_consts or any(gap in str(x) for x in render.__code__.co_consts), "no gap to fill"

    def render_all(instance, *args, **kwargs):
        exports = "".join(f"<member>{name}</member>" for name in instance.get("EnabledCloudwatchLogsExports", []))
        insights_key = instance.get("PerformanceInsightsKMSKeyId")
        return render(instance, *args, **kwargs).replace(
            gap,
            f"<EnabledCloudwatchLogsExports>{exports}</EnabledCloudwatchLogsExports>"
            + (f"<PerformanceInsightsKMSKeyId>{insights_key}</PerformanceInsightsKMSKeyId>" if insights_key else ""),
        )

    rds._instance_xml = render_all


def _source_of(props):
    named = props.get("SourceDBInstanceIdentifier")
    if not named:
        return None
    source = rds._instances.get(named.rsplit(":", 1)[-1])
    if source is None:
        raise ValueError(f"DBInstance {named} not found.")
    return source


def _engine(props, source):
    return props.get("Engine") or (source or {}).get("Engine", "postgres")


def key_arn(key_id: str) -> str:
    record = kms._resolve_key(key_id) if key_id else None
    return record["Arn"] if record else key_id


def _by_name(resolve, handle):
    """MiniStack keeps secrets by name; the physical id is an ARN."""

    def handle_by_arn(physical_id, *args, **kwargs):
        name, secret = resolve(physical_id)
        answer = handle(name or physical_id, *args, **kwargs)
        return (answer[1]["Arn"], answer[1]) if answer else None

    return handle_by_arn


def _secret_string(props):
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
