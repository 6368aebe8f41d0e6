"""An instance has all that it was given, when it was made and later, and a source names the replicas that there are.

AWS: "ModifyDBInstance" (Amazon RDS API Reference)
AWS: "CreateDBInstance" (Amazon RDS API Reference)
AWS: "Associating a DB parameter group with a DB instance" (Amazon RDS User Guide)
AWS: "DBInstance" (Amazon RDS API Reference)
Test: changes.test.ts: an instance has the log exports and Performance Insights that it was given
Test: further-changes.test.ts: exports the logs that were enabled
Test: further-changes.test.ts: can move to another subnet group
Test: further-changes.test.ts: uses another parameter group after a reboot
Test: further-changes.test.ts: no longer lists a deleted replica

`CloudwatchLogsExportConfiguration` adds kinds of logs and takes them away.
`EnablePerformanceInsights` and `PerformanceInsightsKMSKeyId` are settings of the instance,
`DBSubnetGroupName` moves it. Another parameter group is `pending-reboot` until the instance is
rebooted. A replica that is deleted is its source's no more. MiniStack leaves these out, and reboots
only what runs in a container.
"""

from __future__ import annotations

from ministack.services import rds

from ..cloudformation.stores import key_arn
from ..patch import Patch
from ..shapes import Answer, Original, Params, Record

_ACTIONS = "ministack.services.rds._ACTION_MAP"

PATCH = Patch(__name__, after=["rds.automated_backups"])


@PATCH.wraps(f"{_ACTIONS}[ModifyDBInstance]", digest="ff9823ee")
def _modify_all(modify: Original, params: Params) -> Answer:
    answer: Answer = modify(params)
    instance = _instance(params)
    if answer[0] >= 400 or not instance:
        return answer
    _change_exports(params, instance)
    _change_insights(params, instance)
    _change_parameter_group(params, instance)
    _change_subnet_group(params, instance)
    return rds._single_instance_response("ModifyDBInstanceResponse", "ModifyDBInstanceResult", instance)


@PATCH.wraps(f"{_ACTIONS}[RebootDBInstance]", digest="08b1362c")
def _reboot_with_parameters(reboot: Original, params: Params) -> Answer:
    instance = _instance(params)
    answer: Answer = reboot(params)
    if answer[0] < 400 and instance:
        for group in instance["DBParameterGroups"]:
            group["ParameterApplyStatus"] = "in-sync"
    return answer


@PATCH.wraps(f"{_ACTIONS}[CreateDBInstance]", digest="6325013d")
def _create_with_exports(create: Original, params: Params) -> Answer:
    answer: Answer = create(params)
    instance = _instance(params)
    if answer[0] < 400 and instance:
        instance["EnabledCloudwatchLogsExports"] = _listed(params, "EnableCloudwatchLogsExports")
    return answer


@PATCH.wraps(f"{_ACTIONS}[DeleteDBInstance]", digest="285f6830")
def _delete_replica_too(delete: Original, params: Params) -> Answer:
    instance = _instance(params)
    answer: Answer = delete(params)
    if answer[0] < 400 and instance:
        rename_for_others(instance["DBInstanceIdentifier"], None)
    return answer


def _instance(params: Params) -> Record | None:
    instance: Record | None = rds._resolve_instance(rds._p(params, "DBInstanceIdentifier"))
    return instance


def _change_exports(params: Params, instance: Record) -> None:
    enabled = _listed(params, "CloudwatchLogsExportConfiguration.EnableLogTypes")
    disabled = _listed(params, "CloudwatchLogsExportConfiguration.DisableLogTypes")
    now = dict.fromkeys([*instance.get("EnabledCloudwatchLogsExports", []), *enabled])
    instance["EnabledCloudwatchLogsExports"] = [kind for kind in now if kind not in disabled]


def _listed(params: Params, prefix: str) -> list[str]:
    values: list[str] = []
    while value := rds._p(params, f"{prefix}.member.{len(values) + 1}"):
        values.append(value)
    return values


def _change_insights(params: Params, instance: Record) -> None:
    enabled, key = rds._p(params, "EnablePerformanceInsights"), rds._p(params, "PerformanceInsightsKMSKeyId")
    if enabled:
        instance["PerformanceInsightsEnabled"] = enabled == "true"
    if key:
        instance["PerformanceInsightsKMSKeyId"] = key_arn(key)


def _change_parameter_group(params: Params, instance: Record) -> None:
    if rds._p(params, "DBParameterGroupName"):
        for group in instance["DBParameterGroups"]:
            group["ParameterApplyStatus"] = "pending-reboot"


def _change_subnet_group(params: Params, instance: Record) -> None:
    group = rds._subnet_groups.get(rds._p(params, "DBSubnetGroupName"))
    if group:
        instance["DBSubnetGroup"] = group


def rename_for_others(old: str, new: str | None) -> None:
    """What its source and its replicas call an instance; None when it is gone."""
    for other in rds._instances.values():
        replicas = other.get("ReadReplicaDBInstanceIdentifiers") or []
        known = [new if one == old else one for one in replicas]
        other["ReadReplicaDBInstanceIdentifiers"] = [one for one in known if one]
        if other.get("ReadReplicaSourceDBInstanceIdentifier") == old:
            other["ReadReplicaSourceDBInstanceIdentifier"] = new or ""
