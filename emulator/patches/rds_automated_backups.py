"""What RDS keeps of a database that is gone, and asks money for.

AWS: "DescribeDBInstanceAutomatedBackups" (Amazon RDS API Reference): the automated backups of current instances (`active`)
and of deleted ones (`retained`), which "DeleteDBInstanceAutomatedBackup" deletes. "Retaining automated backups" (Amazon RDS
User Guide) and "AWS::RDS::DBInstance" (AWS CloudFormation Template Reference Guide): they go with the instance unless
DeleteAutomatedBackups is false; a read replica has none of its own unless it asks for some.
"""

from __future__ import annotations

from xml.sax.saxutils import escape

from ministack.services import rds
from ministack.services.cloudformation import provisioners

_retained: list[dict] = []
_FIELDS = ("DBInstanceArn", "DbiResourceId", "DBInstanceIdentifier", "Engine", "BackupRetentionPeriod")


def apply() -> None:
    handler = provisioners._RESOURCE_HANDLERS["AWS::RDS::DBInstance"]
    delete, delete_by_request, reset = handler["delete"], rds._delete_db_instance, rds.reset
    assert "DescribeDBInstanceAutomatedBackups" not in rds._ACTION_MAP, "RDS has automated backups now"
    assert rds._ACTION_MAP["DeleteDBInstance"] is delete_by_request, "DeleteDBInstance is handled elsewhere now"

    def delete_instance(physical_id, props):
        instance = rds._instances.get(physical_id)
        delete(physical_id, props)
        if instance is not None and str(props.get("DeleteAutomatedBackups", True)).lower() == "false":
            _retained.extend(_backup(instance, "retained"))

    def delete_instance_by_request(params):
        instance = rds._resolve_instance(rds._p(params, "DBInstanceIdentifier"))
        answer = delete_by_request(params)
        if answer[0] < 400 and instance and rds._p(params, "DeleteAutomatedBackups") == "false":
            _retained.extend(_backup(instance, "retained"))
        return answer

    def reset_backups():
        _retained.clear()
        reset()

    handler["delete"] = delete_instance
    rds.reset = reset_backups
    rds._ACTION_MAP.update(
        DeleteDBInstance=delete_instance_by_request,
        DescribeDBInstanceAutomatedBackups=describe,
        DeleteDBInstanceAutomatedBackup=delete_backup,
    )


def _backup(instance: dict, status: str) -> list[dict]:
    if not int(instance.get("BackupRetentionPeriod", 1)) or instance.get("ReadReplicaSourceDBInstanceIdentifier"):
        return []
    arn = instance["DBInstanceArn"].replace(":db:", ":auto-backup:")
    return [{**{name: instance.get(name) for name in _FIELDS}, "Status": status, "DBInstanceAutomatedBackupsArn": arn}]


def describe(params: dict) -> tuple:
    wanted, states = rds._p(params, "DBInstanceIdentifier"), rds._parse_filters(params).get("status")
    backups = [backup for instance in rds._instances.values() for backup in _backup(instance, "active")]
    members = "".join(
        f"<DBInstanceAutomatedBackup>{_fields(backup)}</DBInstanceAutomatedBackup>"
        for backup in [*backups, *_retained]
        if wanted in ("", backup["DBInstanceIdentifier"]) and (not states or backup["Status"] in states)
    )
    return rds._xml(
        200,
        "DescribeDBInstanceAutomatedBackupsResponse",
        "<DescribeDBInstanceAutomatedBackupsResult>"
        f"<DBInstanceAutomatedBackups>{members}</DBInstanceAutomatedBackups>"
        "</DescribeDBInstanceAutomatedBackupsResult>",
    )


def delete_backup(params: dict) -> tuple:
    """Backups of a deleted instance; those of a living one go with it alone."""
    wanted = rds._p(params, "DbiResourceId")
    for backup in _retained:
        if backup["DbiResourceId"] == wanted:
            _retained.remove(backup)
            return rds._xml(
                200,
                "DeleteDBInstanceAutomatedBackupResponse",
                "<DeleteDBInstanceAutomatedBackupResult><DBInstanceAutomatedBackup>"
                f"{_fields({**backup, 'Status': 'deleting'})}"
                "</DBInstanceAutomatedBackup></DeleteDBInstanceAutomatedBackupResult>",
            )
    if any(instance["DbiResourceId"] == wanted for instance in rds._instances.values()):
        return rds._error("InvalidDBInstanceAutomatedBackupState", f"The backups of {wanted} are in use.", 400)
    return rds._error("DBInstanceAutomatedBackupNotFound", f"There are no automated backups of {wanted}.", 404)


def _fields(backup: dict) -> str:
    return "".join(f"<{name}>{escape(str(value))}</{name}>" for name, value in backup.items() if value is not None)
