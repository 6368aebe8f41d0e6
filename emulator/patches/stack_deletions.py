"""A stack can be deleted while it is being created, and a deletion that is under way is not begun again.

AWS: "DeleteStack" (AWS CloudFormation API Reference): once the call succeeds, deletion starts. A stack in CREATE_IN_PROGRESS
or ROLLBACK_IN_PROGRESS goes to DELETE_IN_PROGRESS; what is still being created is cancelled ("Resource creation
cancelled" in its event), what exists is deleted. A stack that is being updated is not deleted.

MiniStack lets creation and deletion run at once, so that what is created last stays, and the stack ends CREATE_COMPLETE.
"""

from __future__ import annotations

import asyncio

from ministack.services import cloudformation
from ministack.services.cloudformation import changesets, handlers, stacks
from ministack.services.cloudformation.helpers import _error, _p, _xml

CANCELLED = "Resource creation cancelled"
_BEING_MADE = ("CREATE_IN_PROGRESS", "ROLLBACK_IN_PROGRESS")
_BEING_UPDATED = ("UPDATE_IN_PROGRESS", "UPDATE_ROLLBACK_IN_PROGRESS")
_under_way: dict[str, asyncio.Event] = {}


def apply() -> None:
    deploy, delete, roll_back = stacks._deploy_stack_async, stacks._delete_stack_async, stacks._roll_back_operation
    for name, coroutine in (("deploy", deploy), ("delete", delete), ("roll back", roll_back)):
        assert coroutine.__code__.co_varnames[:2] == ("stack_name", "stack_id"), f"{name} takes other arguments now"
    assert handlers._ACTION_HANDLERS["DeleteStack"] is handlers._delete_stack
    request, provision = handlers._delete_stack, stacks._provision_resource

    async def deploy_noted(stack_name, stack_id, *args, **kwargs):
        over = _under_way[stack_id] = asyncio.Event()
        try:
            await deploy(stack_name, stack_id, *args, **kwargs)
        finally:
            _under_way.pop(stack_id, None)
            over.set()

    async def delete_in_turn(stack_name, stack_id, *args, **kwargs):
        over = _under_way.get(stack_id)
        if over is not None:
            await over.wait()
        stack = cloudformation._stacks.get(stack_name)
        if stack is not None:
            stack.pop("_to_be_deleted", None)
        await delete(stack_name, stack_id, *args, **kwargs)

    async def roll_back_unless_deleted(stack_name, stack_id, stack, *args, **kwargs):
        if not stack.get("_to_be_deleted"):
            await roll_back(stack_name, stack_id, stack, *args, **kwargs)

    def provision_unless_deleted(resource_type, logical_id, props, stack_name):
        made = None if _cancelled(stack_name) else provision(resource_type, logical_id, props, stack_name)
        if made is None:
            raise ValueError(CANCELLED)
        return made

    def delete_stack(params):
        stack = handlers._resolve_stack(_p(params, "StackName")) or {}
        status = stack.get("StackStatus")
        if status == "DELETE_IN_PROGRESS":
            return _xml(200, "DeleteStackResponse", "")
        if status in _BEING_UPDATED:
            return _error("ValidationError", f"Stack [{stack['StackName']}] cannot be deleted while in status {status}")
        answer = request(params)
        if answer[0] == 200 and status in _BEING_MADE:
            stack.update(_to_be_deleted=True, StackStatus="DELETE_IN_PROGRESS")
        return answer

    stacks._deploy_stack_async = handlers._deploy_stack_async = changesets._deploy_stack_async = deploy_noted
    stacks._delete_stack_async = handlers._delete_stack_async = delete_in_turn
    stacks._roll_back_operation = handlers._roll_back_operation = roll_back_unless_deleted
    stacks._provision_resource = provision_unless_deleted
    handlers._delete_stack = handlers._ACTION_HANDLERS["DeleteStack"] = delete_stack


def _cancelled(stack_name: str) -> bool:
    return bool((cloudformation._stacks.get(stack_name) or {}).get("_to_be_deleted"))
