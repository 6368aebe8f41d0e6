"""An instance that is modified has the log exports and the Performance Insights that it was given.

AWS: "ModifyDBInstance" (Amazon RDS API Reference): `CloudwatchLogsExportConfiguration` adds kinds of logs and takes them away,
`EnablePerformanceInsights` and `PerformanceInsightsKMSKeyId` are settings of the instance. MiniStack leaves them out.
"""

from __future__ import annotations

from ministack.services import rds

from .cloudformation_stores import key_arn


def apply() -> None:
    modify = rds._modify_db_instance
    assert rds._ACTION_MAP["ModifyDBInstance"] is modify, "ModifyDBInstance is handled elsewhere now"

    def modify_all(params):
        answer = modify(params)
        instance = rds._resolve_instance(rds._p(params, "DBInstanceIdentifier"))
        if answer[0] >= 400 or not instance:
            return answer
        _change_exports(params, instance)
        _change_insights(params, instance)
        return rds._single_instance_response("ModifyDBInstanceResponse", "ModifyDBInstanceResult", instance)

    rds._ACTION_MAP["ModifyDBInstance"] = modify_all


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
