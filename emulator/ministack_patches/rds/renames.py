"""An instance that gets another name reboots, has another address, and is not available until that counts.

AWS: "Renaming a DB instance" (Amazon RDS User Guide)
AWS: "ModifyDBInstance" (Amazon RDS API Reference)
AWS: "Viewing DB instance status" (Amazon RDS User Guide)
Test: renamed-databases.test.ts: a renamed instance has the address of its new name, and the next one gets that of the old name
Test: renamed-databases.test.ts: an instance that gets a former name back has its address again, also when another one had it meanwhile
Test: renamed-databases.test.ts: a rename to a name that is taken is refused
Test: renamed-databases.test.ts: a rename that is not applied immediately waits for the next change that is
Test: renamed-databases.test.ts: a rename counts some time after the answer, and nothing else can be changed until then
Test: further-changes.test.ts: has its new name at its replica

RDS makes the address of the name: an instance that takes a name over takes the address over. Here the
port stands for the address. Replicas and source know the instance by its new name; tags, data and resource id
stay. Until the rename counts, the instance goes by its former name (hashicorp/terraform#2439). MiniStack
renames nothing.
"""

from __future__ import annotations

from ministack.core.responses import get_account_id, get_region, request_scope
from ministack.services import rds

from .. import patience
from ..patch import Patch
from ..shapes import Answer, Original, Params, Record
from . import servers
from .changes import rename_for_others

_RENAMING = "renaming"
_NAME = "DBInstanceIdentifier"
_NEW_NAME = "NewDBInstanceIdentifier"

PATCH = Patch(__name__, after=["rds.later_password"])


@PATCH.wraps("ministack.services.rds._ACTION_MAP[ModifyDBInstance]", digest="ff9823ee")
def _modify_and_rename(modify: Original, params: Params) -> Answer:
    instance: Record | None = rds._resolve_instance(rds._p(params, _NAME))
    if instance is None:
        answer: Answer = modify(params)
        return answer
    immediately = rds._p(params, "ApplyImmediately") == "true"
    pending = instance.setdefault("PendingModifiedValues", {})
    new = rds._p(params, _NEW_NAME).lower() or (pending.get(_NAME, "") if immediately else "")
    renames = new not in ("", instance[_NAME])
    if instance["DBInstanceStatus"] == _RENAMING or (renames and instance["DBInstanceStatus"] != "available"):
        return rds._error("InvalidDBInstanceState", "Database instance is not in available state.", 400)
    if renames and new in rds._instances:
        return rds._error("DBInstanceAlreadyExists", "DB instance already exists", 400)
    # What waits is applied by the next change that is immediate; a name is more than a value of the record.
    waited = pending.pop(_NAME, None)
    answer = modify(params)
    if not renames or answer[0] >= 400:
        if waited:
            instance["PendingModifiedValues"][_NAME] = waited
        return answer
    instance["PendingModifiedValues"][_NAME] = new
    if immediately:
        _begin(instance, new)
    return rds._single_instance_response("ModifyDBInstanceResponse", "ModifyDBInstanceResult", instance)


def _begin(instance: Record, new: str) -> None:
    # "becomes effective in about 10 minutes"
    delay = patience.seconds(60, 600, "rename", instance[_NAME])
    scope = get_account_id(), get_region()
    if not delay:
        _rename(instance, new, scope)
        return
    instance["DBInstanceStatus"] = _RENAMING
    patience.later(delay, _rename, instance, new, scope)


def _rename(instance: Record, new: str, scope: tuple[str, str]) -> None:
    old, arn = instance[_NAME], instance["DBInstanceArn"]
    with request_scope(*scope):
        if rds._instances.get(old) is not instance:
            return
        instance["PendingModifiedValues"].pop(_NAME, None)
        if new in rds._instances:
            instance["DBInstanceStatus"] = "available"
            return
        instance.update({_NAME: new, "DBInstanceArn": arn.replace(f":db:{old}", f":db:{new}")})
        # Whoever finds the instance by its new name finds the address of that name.
        servers.move(arn, instance)
        instance["DBInstanceStatus"] = "available"
        del rds._instances[old]
        rds._instances[new] = instance
        if arn in rds._tags:
            rds._tags[instance["DBInstanceArn"]] = rds._tags.pop(arn)
        rename_for_others(old, new)
