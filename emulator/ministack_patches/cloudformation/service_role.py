"""CloudFormation makes and deletes a resource with the permissions of the stack's service role.

AWS: "AWS CloudFormation service role" (AWS CloudFormation User Guide)
AWS: "Resource type schema" (AWS CloudFormation CLI User Guide)
Test: service-role.test.ts: a resource cannot be created when one permission of its handlers is missing, and is created with all
Test: service-role.test.ts: a resource cannot be deleted without the permission, and its stack can be deleted again with it

A stack keeps the role that it was given last. `handler_permissions.yaml` has the handlers' permissions by
type, as far as the registry names them: another type, and a stack without a role, is not checked. A
permission counts that an Allow of the role names for any resource, under any condition: which resource and
which keys a handler's call would have is not known here.
"""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import yaml
from ministack.core import iam_evaluator

from ..patch import Patch
from ..shapes import Answer, Original, Record

_STACKS = "ministack.services.cloudformation.stacks"
_PERMISSIONS: dict[str, list[str]] = yaml.safe_load(
    (Path(__file__).parent / "handler_permissions.yaml").read_text(encoding="utf-8")
)

PATCH = Patch(__name__, after=["cloudformation.deletions"], before=["controls.stack_faults"])


# By the stack's name: the stack is made before the answer to its request.
_roles: dict[str, str] = {}


@PATCH.wraps("ministack.services.cloudformation.handle_request", digest="47d5d8fd")
async def _handle_with_role(
    handle: Original, method: str, path: str, headers: Record, body: bytes, query: Record
) -> Answer:
    asked = parse_qs(body.decode("utf-8", errors="replace")) if b"RoleARN=" in body else {}
    role = next(iter(asked.get("RoleARN", [])), "")
    if not role or asked.get("Action") not in (["CreateStack"], ["UpdateStack"], ["DeleteStack"]):
        answer: Answer = await handle(method, path, headers, body, query)
        return answer
    name = asked["StackName"][0]
    if name.startswith("arn:"):
        name = name.split("/")[1]
    former = _roles.get(name)
    _roles[name] = role
    answer = await handle(method, path, headers, body, query)
    if answer[0] != 200:
        _roles[name] = former or ""
    return answer


@PATCH.wraps(f"{_STACKS}._provision_resource", digest="0bf837d3")
def _provision_if_allowed(
    provision: Original, resource_type: str, logical_id: str, props: Record, stack_name: str
) -> Any:
    _require(resource_type, stack_name, deleting=False)
    return provision(resource_type, logical_id, props, stack_name)


@PATCH.wraps(f"{_STACKS}._delete_resource", digest="7826b054")
def _delete_if_allowed(
    delete: Original,
    resource_type: str,
    physical_id: str,
    props: Record,
    stack_name: str | None = None,
    logical_id: str | None = None,
) -> Any:
    _require(resource_type, stack_name or "", deleting=True)
    return delete(resource_type, physical_id, props, stack_name, logical_id)


def _is_for_deletion(action: str) -> bool:
    verb = action.partition(":")[2]
    return verb.startswith(("Delete", "Disassociate", "Revoke", "Remove", "Untag"))


def _require(resource_type: str, stack_name: str, *, deleting: bool) -> None:
    """@throws ValueError in the words of a handler that was denied"""
    role = _roles.get(stack_name, "")
    needed = _PERMISSIONS.get(resource_type, []) if role else []
    if not needed:
        return
    account, name = role.split(":")[4], role.rpartition("/")[2]
    allowed = tuple(
        pattern
        for statements in iam_evaluator._gather_role_policies(name, account)
        for statement in statements
        if statement.effect == "Allow"
        for pattern in statement.actions
    )
    for action in needed:
        if _is_for_deletion(action) == deleting and not _matches(action, allowed):
            raise ValueError(
                f'Resource handler returned message: "User: arn:aws:sts::{account}:assumed-role/{name}/AWSCloudFormation is '
                f"not authorized to perform: {action} because no identity-based policy allows the {action} action "
                f'(Status Code: 403)" (HandlerErrorCode: AccessDenied)'
            )


@functools.lru_cache(maxsize=4096)
def _matches(action: str, patterns: tuple[str, ...]) -> bool:
    """All stacks have one role, and each resource needs several actions."""
    return any(iam_evaluator.fnmatch_iam(action, pattern) for pattern in patterns)
