"""A reboot takes a while, and longer when it is a failover to the standby; nobody connects meanwhile.

AWS: "RebootDBInstance" (Amazon RDS API Reference)
AWS: "Configuring and managing a Multi-AZ deployment for Amazon RDS" (Amazon RDS User Guide)
Test: databases.test.ts: a failover ends sessions, refuses logins for its time, and keeps rows

"Rebooting a DB instance results in a momentary outage, during which the DB instance status is set to
rebooting." No page has a number for it: here it is 5 to 20 seconds. A failover takes 60 to 120. MiniStack is
available again at once.
"""

from __future__ import annotations

from ministack.services import rds

from .. import patience
from ..patch import Patch
from ..shapes import Answer, Original, Params, Record

PATCH = Patch(__name__, after=["rds.changes", "rds.servers"])

# By the instance's resource id: whether its reboot is a failover, and what `patience.settlings` was at its beginning.
_begun: dict[str, tuple[bool, int]] = {}


@PATCH.wraps("ministack.services.rds._ACTION_MAP[RebootDBInstance]", digest="08b1362c")
def _reboot_or_fail_over(reboot: Original, params: Params) -> Answer:
    instance = rds._resolve_instance(rds._p(params, "DBInstanceIdentifier"))
    if instance:
        _begun[instance["DbiResourceId"]] = rds._p(params, "ForceFailover") == "true", patience.settlings()
    answer: Answer = reboot(params)
    return answer


@PATCH.wraps("ministack.services.rds._finish_instance_reboot", digest="ad4b3a39")
def _finish_later(finish: Original, instance: Record, cluster: Record | None) -> None:
    is_failover, began = _begun.pop(instance["DbiResourceId"], (False, None))
    least, most = (60, 120) if is_failover else (5, 20)
    patience.wait(patience.seconds(least, most, "reboot", instance["DBInstanceIdentifier"]), began)
    finish(instance, cluster)
