"""RDS sets a master password some time after its answer, and changes nothing else of the instance meanwhile.

AWS: "Settings for DB instances" (Amazon RDS User Guide)
AWS: "ModifyDBInstance" (Amazon RDS API Reference)
AWS: "Viewing DB instance status" (Amazon RDS User Guide)
Test: databases.test.ts: a new master password counts some time after the answer, and nothing else can be changed until then

"The change is applied asynchronously as soon as possible", whatever ApplyImmediately says. Until then the
instance is `resetting-master-credentials` and refuses further changes, the old password counts, and
`PendingModifiedValues` has the new one, masked. MiniStack sets it before it answers.
"""

from __future__ import annotations

from ministack.core.responses import get_account_id, get_region, request_scope
from ministack.services import rds

from .. import patience
from ..patch import Patch
from ..shapes import Answer, Original, Params, Record

_RESETTING = "resetting-master-credentials"
_PASSWORD = "MasterUserPassword"

PATCH = Patch(__name__, after=["rds.pending_changes"])


@PATCH.wraps("ministack.services.rds._ACTION_MAP[ModifyDBInstance]", digest="ff9823ee")
def _modify_but_password(modify: Original, params: Params) -> Answer:
    instance: Record | None = rds._resolve_instance(rds._p(params, "DBInstanceIdentifier"))
    if instance and instance["DBInstanceStatus"] == _RESETTING:
        return rds._error("InvalidDBInstanceState", "Database instance is not in available state.", 400)
    delay = patience.seconds(15, 60, "password", instance["DBInstanceIdentifier"]) if instance else 0
    if not instance or not delay or not rds._p(params, _PASSWORD):
        answer: Answer = modify(params)
        return answer
    others = {name: value for name, value in params.items() if name != _PASSWORD}
    refused: Answer = modify(others)
    if refused[0] >= 400:
        return refused
    only = {name: value for name, value in params.items() if name in ("Action", "Version", _PASSWORD)}
    instance["DBInstanceStatus"] = _RESETTING
    instance.setdefault("PendingModifiedValues", {})[_PASSWORD] = "****"
    scope = get_account_id(), get_region()
    patience.later(delay, _set_password, modify, instance, only, scope)
    return rds._single_instance_response("ModifyDBInstanceResponse", "ModifyDBInstanceResult", instance)


def _set_password(modify: Original, instance: Record, params: Params, scope: tuple[str, str]) -> None:
    with request_scope(*scope):
        # Its name may have changed, and it may be gone.
        name = instance["DBInstanceIdentifier"]
        if rds._instances.get(name) is instance:
            modify({**params, "DBInstanceIdentifier": name})
        instance["PendingModifiedValues"].pop(_PASSWORD, None)
        if instance["DBInstanceStatus"] == _RESETTING:
            instance["DBInstanceStatus"] = "available"
