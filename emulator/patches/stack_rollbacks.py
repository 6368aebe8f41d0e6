"""A stack's rollback says why it began, and other resources suffer from the one that failed.

AWS: "View stack events by operation" and "Determine the cause of a stack failure" (AWS CloudFormation User Guide): the
rollback's reason names the resources that failed to create and no cause; resources that were being created beside the
one that failed are CREATE_FAILED too, with the reason "Resource creation cancelled". MiniStack makes one resource at a
time and gives "Rollback requested" as the reason.
"""

from __future__ import annotations

from ministack.services.cloudformation import stacks

from .stack_deletions import CANCELLED


def apply() -> None:
    roll_back = stacks._roll_back_operation
    assert callable(stacks._extract_deps) and callable(stacks._topological_sort)

    async def roll_back_with_reason(stack_name, stack_id, stack, operation, reason_override=""):
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

    stacks._roll_back_operation = roll_back_with_reason


def _being_made_beside(operation: dict) -> tuple[str, str] | None:
    """The next resource that needs nothing but what was there already: AWS had begun with it."""
    definitions, made = operation["template"].get("Resources", {}), set(operation["created"])
    for logical_id, definition in definitions.items():
        if logical_id in made or logical_id == operation["failed_logical_id"] or definition.get("Condition"):
            continue
        if set(stacks._extract_deps(definition, set(definitions))) <= made:
            return logical_id, definition.get("Type", "")
    return None
