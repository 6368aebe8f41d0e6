"""A read replica has no deletion protection of its own unless it asks for some.

AWS: "CreateDBInstanceReadReplica" (Amazon RDS API Reference)
Test: further-changes.test.ts: a replica of a protected database is protected only when it asks for it

MiniStack copies what the source has.
"""

from __future__ import annotations

from ministack.services import rds

from ..patch import Patch
from ..shapes import Answer, Original, Params

PATCH = Patch(__name__, after=["rds.servers"])


@PATCH.wraps("ministack.services.rds._ACTION_MAP[CreateDBInstanceReadReplica]", digest="83aaf7e0")
def _create_with_own_protection(create: Original, params: Params) -> Answer:
    answer: Answer = create(params)
    replica = rds._instances.get(rds._p(params, "DBInstanceIdentifier"))
    if answer[0] < 400 and replica is not None:
        replica["DeletionProtection"] = rds._p(params, "DeletionProtection") == "true"
    return answer
