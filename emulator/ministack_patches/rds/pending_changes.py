"""A change that is applied at once applies what waits for the maintenance window, too.

AWS: "Using the schedule modifications setting" (Amazon RDS User Guide)
Test: members.test.ts: applies pending changes with the next change that applies immediately

"If you choose to apply changes immediately, any pending modifications [...] are also applied."
MiniStack leaves them waiting for ever.
"""

from __future__ import annotations

from ministack.services import rds

from ..patch import Patch
from ..shapes import Answer, Original, Params

PATCH = Patch(__name__, after=["rds.changes", "rds.master_password", "rds.servers"])


@PATCH.wraps("ministack.services.rds._ACTION_MAP[ModifyDBInstance]", digest="ff9823ee")
def _modify_with_pending(modify: Original, params: Params) -> Answer:
    instance = rds._resolve_instance(rds._p(params, "DBInstanceIdentifier"))
    if instance and rds._p(params, "ApplyImmediately") == "true":
        instance.update(instance.get("PendingModifiedValues") or {})
        instance["PendingModifiedValues"] = {}
    answer: Answer = modify(params)
    return answer
