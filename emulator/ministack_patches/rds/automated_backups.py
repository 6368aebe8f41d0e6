"""RDS keeps the automated backups of a deleted database where that was asked for, and they cost money.

AWS: "DescribeDBInstanceAutomatedBackups" (Amazon RDS API Reference)
AWS: "DeleteDBInstanceAutomatedBackup" (Amazon RDS API Reference)
AWS: "Retaining automated backups" (Amazon RDS User Guide)
AWS: "AWS::RDS::DBInstance" (AWS CloudFormation Template Reference Guide)
Test: changes.test.ts: automated backups and a final snapshot stay when the deletion asks for them, until they are deleted
Test: injected-faults.test.ts: a database's automated backups are deleted with it, unless the deletion says otherwise

RDS describes the automated backups of current instances (`active`) and of deleted ones
(`retained`). They go with the instance unless DeleteAutomatedBackups is false. A read replica has
none of its own unless it asks for some. MiniStack has no automated backups.
"""

from __future__ import annotations

from xml.sax.saxutils import escape

from ministack.services import rds

from ..patch import Patch
from ..shapes import Answer, Original, Params, Record

_FIELDS = ("DBInstanceArn", "DbiResourceId", "DBInstanceIdentifier", "Engine", "BackupRetentionPeriod")
_ACTIONS = "ministack.services.rds._ACTION_MAP"

_retained: list[Record] = []

PATCH = Patch(__name__, after=["cloudformation.stores"])


@PATCH.wraps(
    "ministack.services.cloudformation.provisioners._RESOURCE_HANDLERS[AWS::RDS::DBInstance][delete]", digest="d06475bc"
)
def _delete_with_stack(delete: Original, physical_id: str, props: Record) -> None:
    instance = rds._instances.get(physical_id)
    delete(physical_id, props)
    if instance is not None and str(props.get("DeleteAutomatedBackups", True)).lower() == "false":
        _retained.extend(_backup(instance, "retained"))


@PATCH.wraps(f"{_ACTIONS}[DeleteDBInstance]", digest="285f6830")
def _delete_by_request(delete: Original, params: Params) -> Answer:
    instance = rds._resolve_instance(rds._p(params, "DBInstanceIdentifier"))
    answer: Answer = delete(params)
    if answer[0] < 400 and instance and rds._p(params, "DeleteAutomatedBackups") == "false":
        _retained.extend(_backup(instance, "retained"))
    return answer


@PATCH.wraps("ministack.services.rds.reset", digest="f9c725a8")
def _reset_also_backups(reset: Original) -> None:
    _retained.clear()
    reset()


def _backup(instance: Record, status: str) -> list[Record]:
    if not int(instance.get("BackupRetentionPeriod", 1)) or instance.get("ReadReplicaSourceDBInstanceIdentifier"):
        return []
    arn = instance["DBInstanceArn"].replace(":db:", ":auto-backup:")
    return [{**{name: instance.get(name) for name in _FIELDS}, "Status": status, "DBInstanceAutomatedBackupsArn": arn}]


@PATCH.adds(f"{_ACTIONS}[DescribeDBInstanceAutomatedBackups]")
def _describe(params: Params) -> Answer:
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


@PATCH.adds(f"{_ACTIONS}[DeleteDBInstanceAutomatedBackup]")
def _delete_backup(params: Params) -> Answer:
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


def _fields(backup: Record) -> str:
    return "".join(f"<{name}>{escape(str(value))}</{name}>" for name, value in backup.items() if value is not None)
