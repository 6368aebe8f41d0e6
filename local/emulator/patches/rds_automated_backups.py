"""What RDS keeps of a database that is gone, and asks money for.

AWS: "DescribeDBInstanceAutomatedBackups" (Amazon RDS API Reference): the automated backups of current instances (`active`)
and of deleted ones (`retained`). "Retaining automated backups" (Amazon RDS User Guide) and "AWS::RDS::DBInstance"
(AWS CloudFormation Template Reference Guide): they go with the instance unless DeleteAutomatedBackups is false; a read
replica has none of its own unless it asks for some.
"""

from __future__ import annotations

from xml.sax.saxutils import escape

from ministack.services import rds
from ministack.services.cloudformation import provisioners

_retained: list[dict] = []
_FIELDS = ("DBInstanceArn", "DbiResourceId", "DBInstanceIdentifier", "Engine", "BackupRetentionPeriod")


def apply() -> None:
    handler = provisioners._RESOURCE_HANDLERS["AWS::RDS::DBInstance"]
    delete, reset = handler["delete"], rds.reset
    assert "DescribeDBInstanceAutomatedBackups" not in rds._ACTION_MAP, "RDS has automated backups now"

    def delete_instance(physical_id, props):
        instance = rds._instances.get(physical_id)
        delete(physical_id, props)
        if instance is not None and str(props.get("DeleteAutomatedBackups", True)).lower() == "false":
            _retained.extend(_backup(instance, "retained"))

    def reset_backups():
        _retained.clear()
        reset()

    handler["delete"] = delete_instance
    rds.reset = reset_backups
    rds._ACTION_MAP["DescribeDBInstanceAutomatedBackups"] = describe


def _backup(instance: dict, status: str) -> list[dict]:
    if not int(instance.get("BackupRetentionPeriod", 1)) or instance.get("ReadReplicaSourceDBInstanceIdentifier"):
        return []
    arn = instance["DBInstanceArn"].replace(":db:", ":auto-backup:")
    return [{**{name: instance.get(name) for name in _FIELDS}, "Status": status, "DBInstanceAutomatedBackupsArn": arn}]


def describe(params: dict) -> tuple:
    wanted = rds._p(params, "DBInstanceIdentifier")
    backups = [backup for instance in rds._instances.values() for backup in _backup(instance, "active")]
    members = "".join(
        "<DBInstanceAutomatedBackup>"
        + "".join(f"<{name}>{escape(str(value))}</{name}>" for name, value in backup.items() if value is not None)
        + "</DBInstanceAutomatedBackup>"
        for backup in [*backups, *_retained]
        if wanted in ("", backup["DBInstanceIdentifier"])
    )
    return rds._xml(
        200,
        "DescribeDBInstanceAutomatedBackupsResponse",
        "<DescribeDBInstanceAutomatedBackupsResult>"
        f"<DBInstanceAutomatedBackups>{members}</DBInstanceAutomatedBackups>"
        "</DescribeDBInstanceAutomatedBackupsResult>",
    )
