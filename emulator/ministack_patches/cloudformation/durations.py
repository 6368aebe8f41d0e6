"""A failing stack is ROLLBACK_IN_PROGRESS for a while, and its deletion takes a while too.

AWS: "Stack status codes" (AWS CloudFormation User Guide)
AWS: "Stack creation events" (AWS CloudFormation User Guide)
Test: passing-failures.test.ts: a rollback takes time, and status and events show it meanwhile

A creation fails when one resource does; CloudFormation then waits for what is being created beside
it, and deletes what exists. A database alone takes minutes. MiniStack rolls back at once, so that
nobody ever meets a stack that is rolling back.
"""

from __future__ import annotations

import asyncio
import time
from typing import Any

from ministack.services.cloudformation import stacks

from .. import patience
from ..patch import Patch
from ..shapes import Original, Record

_STACK = "AWS::CloudFormation::Stack"

PATCH = Patch(
    __name__, after=["cloudformation.deletions", "cloudformation.status_events"], before=["cloudformation.rollbacks"]
)

# Stacks whose rollback was announced before its wait.
_announced: set[str] = set()


@PATCH.wraps("ministack.services.cloudformation.stacks._roll_back_operation", digest="925b1f1c")
async def _roll_back_in_time(
    roll_back: Original, stack_name: str, stack_id: str, stack: Record, operation: Record, reason_override: str = ""
) -> None:
    seconds, began = patience.seconds(40, 80, "rollback", stack_name), patience.settlings()
    if seconds > 0 and not operation.get("is_update") and not stack.get("_to_be_deleted"):
        stack["StackStatus"] = "ROLLBACK_IN_PROGRESS"
        reason = reason_override or "Rollback requested"
        stacks._add_event(stack_id, stack_name, stack_name, _STACK, "ROLLBACK_IN_PROGRESS", reason, stack_id)
        _announced.add(stack_id)
        end = time.monotonic() + seconds
        while time.monotonic() < end and began == patience.settlings() and not stack.get("_to_be_deleted"):
            await asyncio.sleep(0.02)
    try:
        await roll_back(stack_name, stack_id, stack, operation, reason_override)
    finally:
        _announced.discard(stack_id)


@PATCH.wraps("ministack.services.cloudformation.stacks._add_event", digest="66b81827")
def _add_event_once(
    add: Original,
    stack_id: str,
    stack_name: str,
    logical_id: str,
    resource_type: str,
    status: str,
    *args: Any,
    **more: Any,
) -> None:
    if status == "ROLLBACK_IN_PROGRESS" and logical_id == stack_name and stack_id in _announced:
        _announced.discard(stack_id)
        return
    add(stack_id, stack_name, logical_id, resource_type, status, *args, **more)
