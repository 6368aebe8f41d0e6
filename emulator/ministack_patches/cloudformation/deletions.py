"""A stack can be deleted while it is being created, and a deletion that is under way is not begun again.

AWS: "DeleteStack" (AWS CloudFormation API Reference)
Test: stack-failures.test.ts: a stack under creation can be deleted: the rest is cancelled, and nothing is left
Test: stack-failures.test.ts: a deletion under way is not started again; a stack with termination protection is not deleted

Once the call succeeds, deletion starts. A stack in CREATE_IN_PROGRESS or ROLLBACK_IN_PROGRESS goes
to DELETE_IN_PROGRESS: CloudFormation cancels what is still being created ("Resource creation
cancelled" in its event), and deletes what exists. A stack that is being updated is not deleted.
MiniStack lets creation and deletion run at once, so that what is created last stays, and the stack
ends CREATE_COMPLETE.
"""

from __future__ import annotations

import asyncio
from typing import Any

from ministack.services import cloudformation
from ministack.services.cloudformation import handlers
from ministack.services.cloudformation.helpers import _error, _p, _xml

from ..patch import Patch
from ..shapes import Answer, Original, Params, Record

CANCELLED = "Resource creation cancelled"
_BEING_MADE = ("CREATE_IN_PROGRESS", "ROLLBACK_IN_PROGRESS")
_BEING_UPDATED = ("UPDATE_IN_PROGRESS", "UPDATE_ROLLBACK_IN_PROGRESS")
_STACKS = "ministack.services.cloudformation.stacks"
_HANDLERS = "ministack.services.cloudformation.handlers"
_CHANGE_SETS = "ministack.services.cloudformation.changesets"

_under_way: dict[str, asyncio.Event] = {}

PATCH = Patch(__name__)


@PATCH.wraps(
    f"{_STACKS}._deploy_stack_async",
    f"{_HANDLERS}._deploy_stack_async",
    f"{_CHANGE_SETS}._deploy_stack_async",
    digest="770fbcff",
)
async def _deploy_noted(deploy: Original, stack_name: str, stack_id: str, *args: Any, **kwargs: Any) -> None:
    over = _under_way[stack_id] = asyncio.Event()
    try:
        await deploy(stack_name, stack_id, *args, **kwargs)
    finally:
        _under_way.pop(stack_id, None)
        over.set()


@PATCH.wraps(f"{_STACKS}._delete_stack_async", f"{_HANDLERS}._delete_stack_async", digest="57fc0fc4")
async def _delete_in_turn(delete: Original, stack_name: str, stack_id: str, *args: Any, **kwargs: Any) -> None:
    over = _under_way.get(stack_id)
    if over is not None:
        await over.wait()
    stack = cloudformation._stacks.get(stack_name)
    if stack is not None:
        stack.pop("_to_be_deleted", None)
    await delete(stack_name, stack_id, *args, **kwargs)


@PATCH.wraps(f"{_STACKS}._roll_back_operation", f"{_HANDLERS}._roll_back_operation", digest="925b1f1c")
async def _roll_back_unless_deleted(
    roll_back: Original, stack_name: str, stack_id: str, stack: Record, *args: Any, **kwargs: Any
) -> None:
    if not stack.get("_to_be_deleted"):
        await roll_back(stack_name, stack_id, stack, *args, **kwargs)


@PATCH.wraps(f"{_STACKS}._provision_resource", digest="0bf837d3")
def _provision_unless_deleted(
    provision: Original, resource_type: str, logical_id: str, props: Record, stack_name: str
) -> Any:
    made = None if _cancelled(stack_name) else provision(resource_type, logical_id, props, stack_name)
    if made is None:
        raise ValueError(CANCELLED)
    return made


@PATCH.wraps(f"{_HANDLERS}._delete_stack", f"{_HANDLERS}._ACTION_HANDLERS[DeleteStack]", digest="f746bd4e")
def _delete_stack(request: Original, params: Params) -> Answer:
    stack = handlers._resolve_stack(_p(params, "StackName")) or {}
    status = stack.get("StackStatus")
    if status == "DELETE_IN_PROGRESS":
        return _xml(200, "DeleteStackResponse", "")
    if status in _BEING_UPDATED:
        return _error("ValidationError", f"Stack [{stack['StackName']}] cannot be deleted while in status {status}")
    answer: Answer = request(params)
    if answer[0] == 200 and status in _BEING_MADE:
        stack.update(_to_be_deleted=True, StackStatus="DELETE_IN_PROGRESS")
    return answer


def _cancelled(stack_name: str) -> bool:
    return bool((cloudformation._stacks.get(stack_name) or {}).get("_to_be_deleted"))
