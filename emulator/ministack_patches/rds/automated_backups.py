"""RDS keeps the automated backups of a deleted database where that was asked for, and they cost money.

AWS: "DescribeDBInstanceAutomatedBackups" (Amazon RDS API Reference)
AWS: "DeleteDBInstanceAutomatedBackup" (Amazon RDS API Reference)
AWS: "Retaining automated backups" (Amazon RDS User Guide)
AWS: "AWS::RDS::DBInstance" (AWS CloudFormation Template Reference Guide)
Test: changes.test.ts: automated backups and a final snapshot stay when the deletion asks for them, until they are deleted
Test: restored-databases.test.ts: an instance that is gone is restored from the backups that were kept of it, until they go
Test: injected-faults.test.ts: a database's automated backups are deleted with it, unless the deletion says otherwise

RDS describes the automated backups of current instances (`active`) and of deleted ones
(`retained`). They go with the instance unless DeleteAutomatedBackups is false. A read replica has
none of its own unless it asks for some. MiniStack has no automated backups.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from xml.sax.saxutils import escape

from ministack.services import rds

from .. import patience
from ..patch import Patch
from ..shapes import Answer, Original, Params, Record
from . import servers
from .servers import has_backups, keeps_backups

_FIELDS = ("DBInstanceArn", "DbiResourceId", "DBInstanceIdentifier", "Engine", "BackupRetentionPeriod")
_ACTIONS = "ministack.services.rds._ACTION_MAP"

_STORED_EVERY = timedelta(minutes=5)


@dataclass(frozen=True)
class Retained:
    """Backups of an instance that is gone: as it was, and the times of which they have the data."""

    instance: Record
    earliest: datetime
    latest: datetime


_retained: list[Retained] = []

PATCH = Patch(__name__, after=["cloudformation.stores"])


@PATCH.wraps(
    "ministack.services.cloudformation.provisioners._RESOURCE_HANDLERS[AWS::RDS::DBInstance][delete]", digest="d06475bc"
)
def _delete_with_stack(delete: Original, physical_id: str, props: Record) -> None:
    instance = rds._instances.get(physical_id)
    delete(physical_id, props)
    if instance is not None and keeps_backups(instance, str(props.get("DeleteAutomatedBackups", True))):
        _retained.append(Retained(instance, *window(instance)))


@PATCH.wraps(f"{_ACTIONS}[DeleteDBInstance]", digest="285f6830")
def _delete_by_request(delete: Original, params: Params) -> Answer:
    instance = rds._resolve_instance(rds._p(params, "DBInstanceIdentifier"))
    answer: Answer = delete(params)
    if answer[0] < 400 and instance and keeps_backups(instance, rds._p(params, "DeleteAutomatedBackups")):
        _retained.append(Retained(instance, *window(instance)))
    return answer


@PATCH.wraps("ministack.services.rds.reset", digest="f9c725a8")
def _reset_also_backups(reset: Original) -> None:
    for each in _retained:
        servers.forget(each.instance)
    _retained.clear()
    reset()


def time_of(text: str) -> datetime:
    moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)


def text_of(moment: datetime) -> str:
    return str(rds._format_time(moment.timestamp()))


def window(instance: Record) -> tuple[datetime, datetime]:
    """The times of which the data can be restored."""
    gone = next((each for each in _retained if each.instance is instance), None)
    if gone:
        return gone.earliest, gone.latest
    now, made = datetime.now(timezone.utc), time_of(instance["InstanceCreateTime"])
    earliest = max(made, now - timedelta(days=int(instance.get("BackupRetentionPeriod", 1))))
    every = _STORED_EVERY * patience.factor()
    latest = made + (now - made) // every * every if every else now
    return earliest, max(latest, made)


def retained(arn: str, resource: str) -> Record | None:
    """The instance that is gone, by the ARN of its backups or its resource id."""
    instances = (each.instance for each in _retained)
    return next((each for each in instances if resource == each["DbiResourceId"] or arn == _arn_of(each)), None)


def _arn_of(instance: Record) -> str:
    before = str(instance["DBInstanceArn"]).rpartition(":db:")[0]
    return f"{before}:auto-backup:ab-{str(instance['DbiResourceId'])[3:].lower()}"


def _backup(instance: Record, status: str) -> Record:
    return {
        **{name: instance.get(name) for name in _FIELDS},
        "Status": status,
        "DBInstanceAutomatedBackupsArn": _arn_of(instance),
    }


@PATCH.adds(f"{_ACTIONS}[DescribeDBInstanceAutomatedBackups]")
def _describe(params: Params) -> Answer:
    wanted, states = rds._p(params, "DBInstanceIdentifier"), rds._parse_filters(params).get("status")
    backups = [
        *((instance, "active") for instance in rds._instances.values() if has_backups(instance)),
        *((each.instance, "retained") for each in _retained),
    ]
    members = "".join(
        f"<DBInstanceAutomatedBackup>{_fields(_backup(instance, status))}{_window_xml(instance)}</DBInstanceAutomatedBackup>"
        for instance, status in backups
        if wanted in ("", instance["DBInstanceIdentifier"]) and (not states or status in states)
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
    for each in _retained:
        if each.instance["DbiResourceId"] == wanted:
            _retained.remove(each)
            servers.forget(each.instance)
            return rds._xml(
                200,
                "DeleteDBInstanceAutomatedBackupResponse",
                "<DeleteDBInstanceAutomatedBackupResult><DBInstanceAutomatedBackup>"
                f"{_fields(_backup(each.instance, 'deleting'))}"
                "</DBInstanceAutomatedBackup></DeleteDBInstanceAutomatedBackupResult>",
            )
    if any(instance["DbiResourceId"] == wanted for instance in rds._instances.values()):
        return rds._error("InvalidDBInstanceAutomatedBackupState", f"The backups of {wanted} are in use.", 400)
    return rds._error("DBInstanceAutomatedBackupNotFound", f"There are no automated backups of {wanted}.", 404)


def _fields(backup: Record) -> str:
    return "".join(f"<{name}>{escape(str(value))}</{name}>" for name, value in backup.items() if value is not None)


def _window_xml(instance: Record) -> str:
    earliest, latest = (text_of(moment) for moment in window(instance))
    return f"<RestoreWindow><EarliestTime>{earliest}</EarliestTime><LatestTime>{latest}</LatestTime></RestoreWindow>"
