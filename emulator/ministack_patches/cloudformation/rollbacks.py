"""A stack's rollback names the failed resources, and other resources suffer from the one that failed.

AWS: "View stack events by operation" (AWS CloudFormation User Guide)
AWS: "Determine the cause of a stack failure" (AWS CloudFormation User Guide)
AWS: "Troubleshooting CloudFormation" (AWS CloudFormation User Guide)
Test: stack-failures.test.ts: a failed resource rolls back its stack; the events have its reason, and other resources are cancelled
Test: stack-failures.test.ts: what a rollback could not delete stays the stack’s, and goes with it

The rollback's reason names the resources that failed to create, and no cause. Resources that were
being created beside the failed one are CREATE_FAILED too, with the reason "Resource creation
cancelled". A stack in ROLLBACK_FAILED has the resources that could not be deleted, and its deletion
deletes them. MiniStack makes one resource at a time, gives "Rollback requested" as the reason, and
forgets what it could not delete.
"""

from __future__ import annotations

from ministack.services.cloudformation import stacks

from ..patch import Patch
from ..shapes import Original, Record
from .deletions import CANCELLED

PATCH = Patch(__name__, after=["cloudformation.deletions"])


@PATCH.wraps("ministack.services.cloudformation.stacks._roll_back_operation", digest="925b1f1c")
async def _roll_back_with_reason(
    roll_back: Original, stack_name: str, stack_id: str, stack: Record, operation: Record, reason_override: str = ""
) -> None:
    made = dict(stack.get("_resources", {}))
    await _roll_back(roll_back, stack_name, stack_id, stack, operation, reason_override)
    if stack["StackStatus"] == "ROLLBACK_FAILED":
        for logical_id in stack["_rollback_failed"]:
            stack["_resources"][logical_id] = {**made[logical_id], "ResourceStatus": "DELETE_FAILED"}


async def _roll_back(
    roll_back: Original, stack_name: str, stack_id: str, stack: Record, operation: Record, reason_override: str
) -> None:
    failed = operation.get("failed_logical_id")
    if operation.get("is_update") or reason_override or not failed or stack.get("_to_be_deleted"):
        await roll_back(stack_name, stack_id, stack, operation, reason_override)
        return
    names = [failed]
    beside = _being_made_beside(operation)
    if beside is not None:
        names.append(beside[0])
        stacks._add_event(stack_id, stack_name, *beside, "CREATE_IN_PROGRESS")
        stacks._add_event(stack_id, stack_name, *beside, "CREATE_FAILED", CANCELLED)
    reason = f"The following resource(s) failed to create: [{', '.join(names)}]. Rollback requested by user."
    await roll_back(stack_name, stack_id, stack, operation, reason)


def _being_made_beside(operation: Record) -> tuple[str, str] | None:
    """The next resource that needs nothing but what was there already: AWS had begun with it."""
    definitions, made = operation["template"].get("Resources", {}), set(operation["created"])
    for logical_id, definition in definitions.items():
        if logical_id in made or logical_id == operation["failed_logical_id"] or definition.get("Condition"):
            continue
        if set(stacks._extract_deps(definition, set(definitions))) <= made:
            return logical_id, definition.get("Type", "")
    return None
