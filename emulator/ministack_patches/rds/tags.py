"""An instance keeps the tags that its stack has given it when somebody adds or removes another one.

AWS: "AddTagsToResource" (Amazon RDS API Reference)
AWS: "RemoveTagsFromResource" (Amazon RDS API Reference)
Test: members.test.ts: an instance of a stack keeps its tags beside another one

MiniStack's CloudFormation writes tags into the instance alone, where the next change of tags loses them.
"""

from __future__ import annotations

from ministack.services import rds

from ..patch import Patch
from ..shapes import Answer, Original, Params

_ACTIONS = "ministack.services.rds._ACTION_MAP"

PATCH = Patch(__name__)


@PATCH.wraps(f"{_ACTIONS}[AddTagsToResource]", digest="bbdeaecf")
@PATCH.wraps(f"{_ACTIONS}[RemoveTagsFromResource]", digest="b5a5d119")
def _change_beside_those_of_the_stack(change: Original, params: Params) -> Answer:
    arn = rds._p(params, "ResourceName")
    instance = next((each for each in rds._instances.values() if each.get("DBInstanceArn") == arn), None)
    if instance is not None and arn not in rds._tags:
        rds._tags[arn] = list(instance.get("TagList") or [])
    answer: Answer = change(params)
    return answer
