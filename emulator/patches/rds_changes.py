"""An instance has all that it was given, when it was made and later, and a source names the replicas that there are.

AWS: "ModifyDBInstance" (Amazon RDS API Reference): `CloudwatchLogsExportConfiguration` adds kinds of logs and takes them away,
`EnablePerformanceInsights` and `PerformanceInsightsKMSKeyId` are settings of the instance, `DBSubnetGroupName` moves it,
`NewDBInstanceIdentifier` renames it, and its replicas and its source know it by the new name. "Associating a DB parameter group
with a DB instance" (Amazon RDS User Guide): another parameter group is `pending-reboot` until the instance is rebooted.
"DBInstance": a replica that is deleted is its source's no more. MiniStack leaves these out, and reboots only what runs in a
container.
"""

from __future__ import annotations

from ministack.services import rds

from .cloudformation_stores import key_arn


def apply() -> None:
    modify = rds._modify_db_instance
    reboot = rds._reboot_db_instance
    assert rds._ACTION_MAP["ModifyDBInstance"] is modify, "ModifyDBInstance is handled elsewhere now"
    assert rds._ACTION_MAP["RebootDBInstance"] is reboot, "RebootDBInstance is handled elsewhere now"

    def modify_all(params):
        answer = modify(params)
        instance = rds._resolve_instance(rds._p(params, "DBInstanceIdentifier"))
        if answer[0] >= 400 or not instance:
            return answer
        _change_exports(params, instance)
        _change_insights(params, instance)
        _change_parameter_group(params, instance)
        _change_subnet_group(params, instance)
        _rename(params, instance)
        return rds._single_instance_response("ModifyDBInstanceResponse", "ModifyDBInstanceResult", instance)

    def reboot_with_parameters(params):
        instance = rds._resolve_instance(rds._p(params, "DBInstanceIdentifier"))
        answer = reboot(params)
        if answer[0] < 400 and instance:
            for group in instance["DBParameterGroups"]:
                group["ParameterApplyStatus"] = "in-sync"
        return answer

    create, delete = rds._ACTION_MAP["CreateDBInstance"], rds._ACTION_MAP["DeleteDBInstance"]

    def create_with_exports(params):
        answer = create(params)
        instance = rds._resolve_instance(rds._p(params, "DBInstanceIdentifier"))
        if answer[0] < 400 and instance:
            instance["EnabledCloudwatchLogsExports"] = _listed(params, "EnableCloudwatchLogsExports")
        return answer

    def delete_replica_too(params):
        instance = rds._resolve_instance(rds._p(params, "DBInstanceIdentifier"))
        answer = delete(params)
        if answer[0] < 400 and instance:
            _rename_for_others(instance["DBInstanceIdentifier"], None)
        return answer

    rds._ACTION_MAP.update(
        CreateDBInstance=create_with_exports,
        ModifyDBInstance=modify_all,
        RebootDBInstance=reboot_with_parameters,
        DeleteDBInstance=delete_replica_too,
    )


def _change_exports(params: dict, instance: dict) -> None:
    kinds = {name: _listed(params, f"CloudwatchLogsExportConfiguration.{name}") for name in ("EnableLogTypes", "DisableLogTypes")}
    now = [*instance.get("EnabledCloudwatchLogsExports", []), *kinds["EnableLogTypes"]]
    instance["EnabledCloudwatchLogsExports"] = [one for one in dict.fromkeys(now) if one not in kinds["DisableLogTypes"]]


def _listed(params: dict, prefix: str) -> list[str]:
    values: list[str] = []
    while value := rds._p(params, f"{prefix}.member.{len(values) + 1}"):
        values.append(value)
    return values


def _change_insights(params: dict, instance: dict) -> None:
    enabled, key = rds._p(params, "EnablePerformanceInsights"), rds._p(params, "PerformanceInsightsKMSKeyId")
    if enabled:
        instance["PerformanceInsightsEnabled"] = enabled == "true"
    if key:
        instance["PerformanceInsightsKMSKeyId"] = key_arn(key)


def _change_parameter_group(params: dict, instance: dict) -> None:
    if rds._p(params, "DBParameterGroupName"):
        for group in instance["DBParameterGroups"]:
            group["ParameterApplyStatus"] = "pending-reboot"


def _change_subnet_group(params: dict, instance: dict) -> None:
    group = rds._subnet_groups.get(rds._p(params, "DBSubnetGroupName"))
    if group:
        instance["DBSubnetGroup"] = group


def _rename(params: dict, instance: dict) -> None:
    old, new = instance["DBInstanceIdentifier"], rds._p(params, "NewDBInstanceIdentifier")
    if not new:
        return
    arn = instance["DBInstanceArn"]
    instance.update(DBInstanceIdentifier=new, DBInstanceArn=arn.replace(f":db:{old}", f":db:{new}"))
    del rds._instances[old]
    rds._instances[new] = instance
    if arn in rds._tags:
        rds._tags[instance["DBInstanceArn"]] = rds._tags.pop(arn)
    _rename_for_others(old, new)


def _rename_for_others(old: str, new: str | None) -> None:
    """What its source and its replicas call an instance; None when it is gone."""
    for other in rds._instances.values():
        replicas = other.get("ReadReplicaDBInstanceIdentifiers") or []
        known = [new if one == old else one for one in replicas]
        other["ReadReplicaDBInstanceIdentifiers"] = [one for one in known if one]
        if other.get("ReadReplicaSourceDBInstanceIdentifier") == old:
            other["ReadReplicaSourceDBInstanceIdentifier"] = new or ""
