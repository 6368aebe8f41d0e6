"""RDS replicates automated backups to another Region, and says where to.

AWS: "StartDBInstanceAutomatedBackupsReplication", "StopDBInstanceAutomatedBackupsReplication" (Amazon RDS API Reference): asked of the
Region that gets the backups, by the ARN of the source. "DBInstance": `DBInstanceAutomatedBackupsReplications` lists the replicated
backups. MiniStack has none of this.
"""

from __future__ import annotations

from xml.sax.saxutils import escape

from ministack.core.responses import get_account_id, get_region
from ministack.services import rds

_REPLICATIONS = "DBInstanceAutomatedBackupsReplications"


def apply() -> None:
    for action, handler in {
        "StartDBInstanceAutomatedBackupsReplication": _start,
        "StopDBInstanceAutomatedBackupsReplication": _stop,
    }.items():
        assert action not in rds._ACTION_MAP, f"{action} is there now"
        rds._ACTION_MAP[action] = handler
    render, before = rds._instance_xml, "<ReadReplicaDBClusterIdentifiers/>"

    def render_with_replications(instance, *args, **kwargs):
        answer = render(instance, *args, **kwargs)
        assert before in answer, "an instance is told in another form now"
        return answer.replace(before, _replications_xml(instance.get(_REPLICATIONS) or []) + before)

    rds._instance_xml = render_with_replications


def _replications_xml(arns: list[str]) -> str:
    members = "".join(
        "<DBInstanceAutomatedBackupsReplication>"
        f"<DBInstanceAutomatedBackupsArn>{escape(arn)}</DBInstanceAutomatedBackupsArn>"
        "</DBInstanceAutomatedBackupsReplication>"
        for arn in arns
    )
    return f"<{_REPLICATIONS}>{members}</{_REPLICATIONS}>"


def _source(params: dict) -> dict | None:
    parts = rds._p(params, "SourceDBInstanceArn").split(":")
    return rds._instances.get_scoped(get_account_id(), parts[3], parts[6]) if len(parts) == 7 else None


def _arn(instance: dict) -> str:
    return f"arn:aws:rds:{get_region()}:{get_account_id()}:auto-backup:ab-{instance['DbiResourceId'].lower()}"


def _answer(action: str, instance: dict) -> tuple:
    backup = f"<DBInstanceAutomatedBackupsArn>{_arn(instance)}</DBInstanceAutomatedBackupsArn>"
    body = f"<{action}Result><DBInstanceAutomatedBackup>{backup}</DBInstanceAutomatedBackup></{action}Result>"
    return rds._xml(200, f"{action}Response", body)


def _missing(params: dict) -> tuple:
    return rds._error("DBInstanceNotFound", f"DBInstance {rds._p(params, 'SourceDBInstanceArn')} not found.", 404)


def _start(params: dict) -> tuple:
    instance = _source(params)
    if instance is None:
        return _missing(params)
    instance[_REPLICATIONS] = sorted({*instance.get(_REPLICATIONS, []), _arn(instance)})
    return _answer("StartDBInstanceAutomatedBackupsReplication", instance)


def _stop(params: dict) -> tuple:
    instance = _source(params)
    if instance is None:
        return _missing(params)
    instance[_REPLICATIONS] = [arn for arn in instance.get(_REPLICATIONS, []) if arn != _arn(instance)]
    return _answer("StopDBInstanceAutomatedBackupsReplication", instance)
