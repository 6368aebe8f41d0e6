"""AWS Backup keeps a database as a snapshot of a type of its own.

AWS: "StartBackupJob" (AWS Backup API Reference)
AWS: "DeleteRecoveryPoint" (AWS Backup API Reference)
AWS: "DescribeDBSnapshots" (Amazon RDS API Reference)
Test: copies.test.ts: a database that AWS Backup keeps has a snapshot of the type awsbackup, until the recovery point is deleted

RDS lists such a snapshot only to who asks for the type `awsbackup`, and only AWS Backup deletes it. MiniStack's
jobs keep nothing.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import unquote

from ministack.services import backup, rds

from ..patch import Patch
from ..shapes import Answer, Original, Params

PATCH = Patch(__name__)

_TYPE = "awsbackup"


@PATCH.wraps("ministack.services.backup._start_job", digest="ba48906f")
def _start_keeping_databases(start: Original, body: Params) -> Answer:
    answer: Answer = start(body)
    parts = str(body.get("ResourceArn", "")).split(":")
    if answer[0] != 200 or parts[2:3] != ["rds"] or parts[5:6] != ["db"]:
        return answer
    told = json.loads(answer[2])
    snapshot = rds._create_snapshot_internal(f"awsbackup:job-{told['BackupJobId']}", rds._instances[parts[6]])
    snapshot["SnapshotType"] = _TYPE
    point = snapshot["DBSnapshotArn"]
    backup._jobs[told["BackupJobId"]]["RecoveryPointArn"] = point
    result: Answer = backup._ok({**told, "RecoveryPointArn": point})
    return result


@PATCH.wraps("ministack.services.backup.handle_request", digest="242063a3")
async def _delete_recovery_points(
    handle: Original, method: str, path: str, headers: Any, body_bytes: bytes, query_params: Any
) -> Answer:
    vault, _, point = path.partition("/recovery-points/")
    snapshot = unquote(point).partition(":snapshot:")[2]
    if method == "DELETE" and vault.startswith("/backup-vaults/") and snapshot in rds._snapshots:
        rds._snapshots.pop(snapshot)
        return 200, {}, b""
    answer: Answer = await handle(method, path, headers, body_bytes, query_params)
    return answer
