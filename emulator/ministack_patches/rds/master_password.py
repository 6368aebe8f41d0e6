"""RDS remembers that a master password was set.

AWS: "Amazon RDS event categories and event messages" (Amazon RDS User Guide)
AWS: "DescribeEvents" (Amazon RDS API Reference)
Test: members.test.ts: remembers that its master password was modified

RDS-EVENT-0016, category `configuration change`: "Reset master credentials". MiniStack remembers
reboots alone.
"""

from __future__ import annotations

import time

from ministack.core.responses import new_uuid
from ministack.services import rds

from ..patch import Patch
from ..shapes import Answer, Original, Params

PATCH = Patch(__name__, after=["rds.changes", "rds.servers"])


@PATCH.wraps("ministack.services.rds._ACTION_MAP[ModifyDBInstance]", digest="ff9823ee")
def _modify_and_remember(modify: Original, params: Params) -> Answer:
    answer: Answer = modify(params)
    if answer[0] >= 400 or not rds._p(params, "MasterUserPassword"):
        return answer
    instance = rds._resolve_instance(rds._p(params, "DBInstanceIdentifier"))
    if instance:
        rds._events[new_uuid()] = {
            "SourceIdentifier": instance["DBInstanceIdentifier"],
            "SourceType": "db-instance",
            "SourceArn": instance.get("DBInstanceArn", ""),
            "Message": "Reset master credentials",
            "Date": time.time(),
            "EventCategories": ["configuration change"],
        }
    return answer
