"""CreateStack can be repeated, and a deleted stack stays readable under its id.

AWS: "CreateStack" (AWS CloudFormation API Reference)
AWS: "DescribeStacks" (AWS CloudFormation API Reference)
AWS: "DescribeStackEvents" (AWS CloudFormation API Reference)
Test: cloudformation.test.ts: sends an event for each stack status with its token, answers a repeated request and keeps deleted stacks readable

A ClientRequestToken marks a repetition of the same request, which is answered with the same stack.
A stack in ROLLBACK_COMPLETE exists, so that its name is taken until it is deleted. A deleted stack
is named by its id.
"""

from __future__ import annotations

from ministack.services import cloudformation
from ministack.services.cloudformation.helpers import _error, _p, _xml

from ..patch import Patch
from ..shapes import Answer, Original, Params, Record

_HANDLERS = "ministack.services.cloudformation.handlers"

_past: dict[str, Record] = {}

PATCH = Patch(__name__)


@PATCH.wraps(f"{_HANDLERS}._create_stack", f"{_HANDLERS}._ACTION_HANDLERS[CreateStack]", digest="06537fd5")
def _create_stack(create: Original, params: Params) -> Answer:
    name, token = _p(params, "StackName"), _p(params, "ClientRequestToken")
    existing = cloudformation._stacks.get(name)
    if existing and existing["StackStatus"] != "DELETE_COMPLETE":
        if token and existing.get("_creation_token") == token:
            stack_id = existing["StackId"]
            return _xml(
                200,
                "CreateStackResponse",
                f"<CreateStackResult><StackId>{stack_id}</StackId></CreateStackResult>",
            )
        return _error("AlreadyExistsException", f"Stack [{name}] already exists")
    answer: Answer = create(params)
    made = cloudformation._stacks.get(name)
    if answer[0] == 200 and made is not None and made is not existing:
        made["_creation_token"] = token
        if existing:
            _past[existing["StackId"]] = existing
    return answer


@PATCH.wraps(f"{_HANDLERS}._resolve_stack", digest="d45447a5")
def _resolve_also_past(resolve: Original, stack_name: str) -> Record | None:
    return resolve(stack_name) or _past.get(stack_name)


@PATCH.wraps(f"{_HANDLERS}._describe_stacks", f"{_HANDLERS}._ACTION_HANDLERS[DescribeStacks]", digest="0e0bf95d")
def _describe_also_past(describe: Original, params: Params) -> Answer:
    past = _past.get(_p(params, "StackName"))
    if past is None:
        return describe(params)
    cloudformation._stacks[past["StackId"]] = past
    try:
        return describe(params)
    finally:
        cloudformation._stacks.pop(past["StackId"], None)


@PATCH.wraps("ministack.services.cloudformation.reset", digest="3352010b")
def _reset_also_past(reset: Original) -> None:
    reset()
    _past.clear()
