"""DescribeStacks lags behind: a new stack is not found by its name at first, and an end is announced before it is told.

AWS: "DescribeStacks" (AWS CloudFormation API Reference)
AWS: "Stack Status Change event detail" (AWS CloudFormation User Guide)
Test: cloudformation.test.ts: T6: a new stack is not found by its name at first, and its end is sent as an event before DescribeStacks shows it

CloudFormation announces the end of a stack as an event, and answers DescribeStacks from another
place, which may still tell the status before, without outputs. Right after CreateStack the stack
may not be found by its name. Neither has a bound; seconds are seen. MiniStack tells all at once.
"""

from __future__ import annotations

import re
from typing import Any

from ministack.services import cloudformation
from ministack.services.cloudformation.helpers import _error, _p

from ..patch import Patch
from ..patience import Past
from ..shapes import Answer, Original, Params, Record

_SERVICE = "ministack.services.cloudformation"
_HANDLERS = f"{_SERVICE}.handlers"
_LEAST_SECONDS, _MOST_SECONDS = 0.5, 2.5

# By the stack's id. One place answers: whoever has seen the end of a stack sees it from then on.
_former: Past[Record | None] = Past("cloudformation.stack", nodes=1)
# By the stack's name; False while it is not found.
_found: Past[bool] = Past("cloudformation.name", nodes=1)

PATCH = Patch(__name__, after=["cloudformation.durations", "cloudformation.requests", "cloudformation.status_events"])


@PATCH.wraps(
    f"{_SERVICE}.stacks._add_event",
    f"{_SERVICE}.handlers._add_event",
    f"{_SERVICE}.changesets._add_event",
    digest="66b81827",
)
def _record_and_tell_later(
    record: Original,
    stack_id: str,
    stack_name: str,
    logical_id: str,
    resource_type: str,
    status: str,
    *more: Any,
    **k: Any,
) -> None:
    stack = cloudformation._stacks.get(stack_name)
    ends = resource_type == "AWS::CloudFormation::Stack" and logical_id == stack_name and "IN_PROGRESS" not in status
    if stack and ends and stack.get("StackId") == stack_id:
        under_way = re.sub("_(COMPLETE|FAILED)$", "_IN_PROGRESS", status)
        outputs = [] if status.startswith("CREATE") else stack.get("Outputs", [])
        _former.keep(stack_id, {**stack, "StackStatus": under_way, "Outputs": outputs}, _LEAST_SECONDS, _MOST_SECONDS)
    record(stack_id, stack_name, logical_id, resource_type, status, *more, **k)


@PATCH.wraps(f"{_HANDLERS}._create_stack", f"{_HANDLERS}._ACTION_HANDLERS[CreateStack]", digest="06537fd5")
def _create_and_find_later(create: Original, params: Params) -> Answer:
    name = _p(params, "StackName")
    existing = cloudformation._stacks.get(name)
    answer: Answer = create(params)
    if answer[0] == 200 and cloudformation._stacks.get(name) is not existing:
        _found.keep(name, False, _LEAST_SECONDS, _MOST_SECONDS)
    return answer


@PATCH.wraps(f"{_HANDLERS}._describe_stacks", f"{_HANDLERS}._ACTION_HANDLERS[DescribeStacks]", digest="0e0bf95d")
def _describe_as_known(describe: Original, params: Params) -> Answer:
    asked = _p(params, "StackName")
    if asked and not _found.seen(asked, True):
        return _error("ValidationError", f"Stack with id {asked} does not exist")
    stack = cloudformation._stacks.get(asked) or cloudformation._stacks.get(
        asked.rsplit("/", 2)[-2] if "/" in asked else ""
    )
    seen = stack and _former.seen(stack["StackId"], stack)
    if not stack or seen is stack or asked not in (stack["StackId"], stack["StackName"]):
        return describe(params)
    former = f"{stack['StackId']} as it was"
    cloudformation._stacks[former] = seen
    try:
        return describe({**params, "StackName": [former]})
    finally:
        cloudformation._stacks.pop(former, None)
