"""RDS replicates automated backups to another Region, and tells where to.

AWS: "StartDBInstanceAutomatedBackupsReplication" (Amazon RDS API Reference)
AWS: "StopDBInstanceAutomatedBackupsReplication" (Amazon RDS API Reference)
AWS: "DBInstance" (Amazon RDS API Reference)
Test: further-changes.test.ts: names the region that its backups are replicated to

Both requests go to the Region that gets the backups, and name the source by its ARN.
`DBInstanceAutomatedBackupsReplications` of an instance lists the replicated backups. MiniStack has
none of this.
"""

from __future__ import annotations

from typing import Any
from xml.sax.saxutils import escape

from ministack.core.responses import get_account_id, get_region
from ministack.services import rds

from ..patch import Patch
from ..shapes import Answer, Original, Params, Record

_REPLICATIONS = "DBInstanceAutomatedBackupsReplications"
_ACTIONS = "ministack.services.rds._ACTION_MAP"

PATCH = Patch(__name__, after=["cloudformation.stores"])


@PATCH.wraps("ministack.services.rds._instance_xml", digest="12a61a85")
def _render_with_replications(render: Original, instance: Record, *args: Any, **kwargs: Any) -> str:
    answer: str = render(instance, *args, **kwargs)
    following = "<ReadReplicaDBClusterIdentifiers/>"
    return answer.replace(following, _replications_xml(instance.get(_REPLICATIONS) or []) + following)


def _replications_xml(arns: list[str]) -> str:
    members = "".join(
        "<DBInstanceAutomatedBackupsReplication>"
        f"<DBInstanceAutomatedBackupsArn>{escape(arn)}</DBInstanceAutomatedBackupsArn>"
        "</DBInstanceAutomatedBackupsReplication>"
        for arn in arns
    )
    return f"<{_REPLICATIONS}>{members}</{_REPLICATIONS}>"


def _source(params: Params) -> Record | None:
    parts = rds._p(params, "SourceDBInstanceArn").split(":")
    return rds._instances.get_scoped(get_account_id(), parts[3], parts[6]) if len(parts) == 7 else None


def _arn(instance: Record) -> str:
    return f"arn:aws:rds:{get_region()}:{get_account_id()}:auto-backup:ab-{instance['DbiResourceId'].lower()}"


def _answer(action: str, instance: Record) -> Answer:
    backup = f"<DBInstanceAutomatedBackupsArn>{_arn(instance)}</DBInstanceAutomatedBackupsArn>"
    body = f"<{action}Result><DBInstanceAutomatedBackup>{backup}</DBInstanceAutomatedBackup></{action}Result>"
    return rds._xml(200, f"{action}Response", body)


def _missing(params: Params) -> Answer:
    return rds._error("DBInstanceNotFound", f"DBInstance {rds._p(params, 'SourceDBInstanceArn')} not found.", 404)


@PATCH.adds(f"{_ACTIONS}[StartDBInstanceAutomatedBackupsReplication]")
def _start(params: Params) -> Answer:
    instance = _source(params)
    if instance is None:
        return _missing(params)
    instance[_REPLICATIONS] = sorted({*instance.get(_REPLICATIONS, []), _arn(instance)})
    return _answer("StartDBInstanceAutomatedBackupsReplication", instance)


@PATCH.adds(f"{_ACTIONS}[StopDBInstanceAutomatedBackupsReplication]")
def _stop(params: Params) -> Answer:
    instance = _source(params)
    if instance is None:
        return _missing(params)
    instance[_REPLICATIONS] = [arn for arn in instance.get(_REPLICATIONS, []) if arn != _arn(instance)]
    return _answer("StopDBInstanceAutomatedBackupsReplication", instance)
