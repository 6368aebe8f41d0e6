"""RDS restores an instance to a point in time: a new one beside it, with the data as it was then and settings of its own.

AWS: "RestoreDBInstanceToPointInTime" (Amazon RDS API Reference)
AWS: "Restoring a DB instance to a specified time for Amazon RDS" (Amazon RDS User Guide)
AWS: "AWS KMS key management" (Amazon RDS User Guide)
Test: restored-databases.test.ts: a restored instance has the rows of that time, and its source keeps its own
Test: restored-databases.test.ts: a restored instance can be restored again
Test: restored-databases.test.ts: a restored instance has the key, size and backups of its source, and its own grants
Test: restored-databases.test.ts: a restored instance has only those settings and tags that the request names
Test: restored-databases.test.ts: a restore is refused %s
Test: restored-databases.test.ts: the last minutes cannot be restored yet, and a restored instance takes its time
Test: restored-databases.test.ts: needs the permission on source, target, groups and key

"with most of the original configuration, but in a system-selected Availability Zone, with the default security group,
the default subnet group, and the default DB parameter group": single-AZ, without IAM authentication, exports of logs,
deletion protection and copied tags, unless the request says so. The request has no monitoring, Performance Insights
and storage limit that RDS would take over: they are off. The master password is that of the data. Logs
are stored every five minutes, so what is newer cannot be restored. MiniStack has no restore.

The data is PostgreSQL's own recovery (emulator/postgres/history.py). Left out: tags that RDS may copy from the source, and the length of a real
restore, which grows with the data.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from ministack.core.responses import get_account_id, get_region, new_uuid
from ministack.services import ec2, rds

from .. import patience
from ..patch import Patch
from ..servicequotas.quotas import applied_quota
from ..shapes import Answer, Original, Params, Record
from . import servers
from .automated_backups import retained, text_of, time_of, window
from .grants import grant
from .servers import has_backups

_ACTION = "RestoreDBInstanceToPointInTime"
_LATEST = re.compile(r"<LatestRestorableTime>[^<]*</LatestRestorableTime>")
_KEPT = (
    *(
        "AllocatedStorage",
        "AutoMinorVersionUpgrade",
        "BackupRetentionPeriod",
        "CACertificateIdentifier",
        "DBInstanceClass",
    ),
    *("DBName", "Engine", "EngineVersion", "KmsKeyId", "LicenseModel", "MasterUsername", "OptionGroupMemberships"),
    *("PreferredBackupWindow", "PreferredMaintenanceWindow", "StorageEncrypted", "StorageType"),
)
_GIVEN = ("DBInstanceClass", "StorageType", "PreferredBackupWindow", "CACertificateIdentifier")
_NUMBERS = ("AllocatedStorage", "BackupRetentionPeriod", "MaxAllocatedStorage")
# Of the request; of the record. False unless the request says otherwise.
_SWITCHES = {
    "CopyTagsToSnapshot": "CopyTagsToSnapshot",
    "DeletionProtection": "DeletionProtection",
    "EnableIAMDatabaseAuthentication": "IAMDatabaseAuthenticationEnabled",
    "MultiAZ": "MultiAZ",
    "PubliclyAccessible": "PubliclyAccessible",
}

PATCH = Patch(__name__, after=["rds.automated_backups", "rds.grants", "rds.servers", "rds.sharing"])


@PATCH.wraps("ministack.services.rds._instance_xml", digest="12a61a85")
def _render_with_latest(render: Original, instance: Record, *args: Any, **kwargs: Any) -> str:
    answer: str = render(instance, *args, **kwargs)
    told = ""
    if has_backups(instance):
        told = f"<LatestRestorableTime>{text_of(window(instance)[1])}</LatestRestorableTime>"
    return _LATEST.sub(told, answer)


def _source(params: Params) -> Record | None:
    named, resource = rds._p(params, "SourceDBInstanceIdentifier"), rds._p(params, "SourceDbiResourceId")
    if named:
        found: Record | None = rds._resolve_instance(named)
        return found
    arn = rds._p(params, "SourceDBInstanceAutomatedBackupsArn")
    living = next((each for each in rds._instances.values() if resource and each["DbiResourceId"] == resource), None)
    return living or retained(arn, resource)


@PATCH.adds(f"ministack.services.rds._ACTION_MAP[{_ACTION}]")
def _restore(params: Params) -> Answer:
    source = _source(params)
    if source is None:
        named = rds._p(params, "SourceDBInstanceIdentifier") or rds._p(params, "SourceDbiResourceId")
        return rds._error("DBInstanceNotFound", f"DBInstance {named} not found.", 404)
    refused = next(_refusals(params, source), None)
    if refused:
        return rds._error(*refused)
    to = window(source)[1] if rds._p(params, "UseLatestRestorableTime") == "true" else _asked(params)
    instance = _made(params, source)
    rds._instances[instance["DBInstanceIdentifier"]] = instance
    rds._tags[instance["DBInstanceArn"]] = instance["TagList"]
    servers.open_port(instance)
    servers.restore(source, instance, to)
    grant(instance)
    _make_available_later(instance)
    return rds._single_instance_response(f"{_ACTION}Response", f"{_ACTION}Result", instance)


def _asked(params: Params) -> datetime:
    return time_of(rds._p(params, "RestoreTime"))


def _refusals(params: Params, source: Record) -> Iterator[tuple[str, str, int]]:
    target, group = rds._p(params, "TargetDBInstanceIdentifier"), rds._p(params, "DBSubnetGroupName")
    parameters = rds._p(params, "DBParameterGroupName")
    if target.lower() in rds._instances:
        yield "DBInstanceAlreadyExists", "DB instance already exists", 400
    if len(list(rds._instances.values())) >= applied_quota("rds", "L-7B6409FD"):
        yield "InstanceQuotaExceeded", "Instance quota exceeded.", 400
    if source["DBInstanceStatus"] == "creating":
        yield "InvalidDBInstanceState", "Database instance is not in available state.", 400
    if not has_backups(source):
        name = source["DBInstanceIdentifier"]
        yield "PointInTimeRestoreNotEnabled", f"Automated backups are not enabled for {name}.", 400
    if group and group not in rds._subnet_groups:
        yield "DBSubnetGroupNotFoundFault", f"DB subnet group '{group}' does not exist.", 404
    if parameters and parameters not in rds._param_groups:
        yield "DBParameterGroupNotFound", f"DBParameterGroup not found: {parameters}", 404
    yield from _time_refusals(params, source)


def _time_refusals(params: Params, source: Record) -> Iterator[tuple[str, str, int]]:
    if (rds._p(params, "UseLatestRestorableTime") == "true") == bool(rds._p(params, "RestoreTime")):
        either = "Either RestoreTime or UseLatestRestorableTime must be specified."
        yield "InvalidParameterCombination", either, 400
    if not rds._p(params, "RestoreTime"):
        return
    earliest, latest = window(source)
    begun = "The specified instance cannot be restored to a time"
    if _asked(params) > latest:
        yield "InvalidParameterValue", f"{begun} later than {text_of(latest)}.", 400
    if _asked(params) < earliest:
        days = source.get("BackupRetentionPeriod", 1)
        because = f"because its backup retention period is set to {days} days."
        yield "InvalidParameterValue", f"{begun} earlier than {text_of(earliest)} {because}", 400


def _made(params: Params, source: Record) -> Record:
    name = rds._p(params, "TargetDBInstanceIdentifier").lower()
    subnets = rds._subnet_groups.get(rds._p(params, "DBSubnetGroupName")) or _default_subnets(source)
    groups = rds._parse_member_list(params, "VpcSecurityGroupIds") or _default_groups(subnets)
    default_parameters = f"default.{source['Engine']}{str(source['EngineVersion']).split('.')[0]}"
    return {
        **{field: source[field] for field in _KEPT if field in source},
        **{field: rds._p(params, field) for field in _GIVEN if rds._p(params, field)},
        **{field: int(rds._p(params, field)) for field in _NUMBERS if rds._p(params, field)},
        **{field: rds._p(params, asked) == "true" for asked, field in _SWITCHES.items()},
        "DBInstanceIdentifier": name,
        "DBInstanceArn": f"arn:aws:rds:{get_region()}:{get_account_id()}:db:{name}",
        "DbiResourceId": f"db-{new_uuid().replace('-', '')[:20].upper()}",
        "DBInstanceStatus": "available",
        "Endpoint": {**source["Endpoint"]},
        "InstanceCreateTime": rds._format_time(time.time()),
        "DBSecurityGroups": [],
        "VpcSecurityGroups": [{"VpcSecurityGroupId": group, "Status": "active"} for group in groups],
        "DBParameterGroups": [
            {
                "DBParameterGroupName": rds._p(params, "DBParameterGroupName") or default_parameters,
                "ParameterApplyStatus": "in-sync",
            }
        ],
        "AvailabilityZone": rds._p(params, "AvailabilityZone") or f"{get_region()}a",
        "DBSubnetGroup": subnets,
        "PendingModifiedValues": {},
        "ReadReplicaDBInstanceIdentifiers": [],
        "ReadReplicaSourceDBInstanceIdentifier": "",
        "ReadReplicaDBClusterIdentifiers": [],
        "EnabledCloudwatchLogsExports": rds._parse_member_list(params, "EnableCloudwatchLogsExports"),
        "DomainMemberships": [],
        "MonitoringInterval": 0,
        "PerformanceInsightsEnabled": False,
        "TagList": rds._parse_tags(params),
        "_docker_container_id": None,
    }


def _default_subnets(source: Record) -> Record:
    """The group `default` is of the VPC that the account has by default."""
    vpc = next(
        (each["VpcId"] for each in ec2._vpcs.values() if each.get("IsDefault")), source["DBSubnetGroup"]["VpcId"]
    )
    return {"DBSubnetGroupName": "default", "SubnetGroupStatus": "Complete", "Subnets": [], "VpcId": vpc}


def _default_groups(subnets: Record) -> list[str]:
    return [
        group["GroupId"]
        for group in ec2._security_groups.values()
        if group.get("GroupName") == "default" and group.get("VpcId") == subnets["VpcId"]
    ]


def _make_available_later(instance: Record) -> None:
    delay = patience.seconds(300, 900, "restore", instance["DBInstanceIdentifier"])
    if not delay:
        return
    instance["DBInstanceStatus"] = "creating"

    def make_available() -> None:
        if instance["DBInstanceStatus"] == "creating":
            instance["DBInstanceStatus"] = "available"

    patience.later(delay, make_available)
