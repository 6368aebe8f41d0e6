"""CreateStack can be repeated, and what a stack was stays readable under its id.

AWS: "CreateStack" (AWS CloudFormation API Reference): a ClientRequestToken marks a repetition of the same request,
which is answered with the same stack. A stack in ROLLBACK_COMPLETE exists, so that its name is taken until it is
deleted. "DescribeStackEvents" and "DescribeStacks": a deleted stack is named by its id.
"""

from __future__ import annotations

from ministack.services import cloudformation
from ministack.services.cloudformation import handlers
from ministack.services.cloudformation.helpers import _error, _p, _xml

_past: dict[str, dict] = {}


def apply() -> None:
    create, resolve, actions = handlers._create_stack, handlers._resolve_stack, handlers._ACTION_HANDLERS
    assert actions.get("CreateStack") is create, "CreateStack is handled elsewhere now"

    def create_stack(params):
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
        answer = create(params)
        made = cloudformation._stacks.get(name)
        if answer[0] == 200 and made is not None and made is not existing:
            made["_creation_token"] = token
            if existing:
                _past[existing["StackId"]] = existing
        return answer

    def resolve_also_past(stack_name):
        return resolve(stack_name) or _past.get(stack_name)

    describe = handlers._describe_stacks

    def describe_also_past(params):
        past = _past.get(_p(params, "StackName"))
        if past is None:
            return describe(params)
        cloudformation._stacks[past["StackId"]] = past
        try:
            return describe(params)
        finally:
            cloudformation._stacks.pop(past["StackId"], None)

    handlers._describe_stacks = actions["DescribeStacks"] = describe_also_past
    handlers._create_stack = actions["CreateStack"] = create_stack
    handlers._resolve_stack = resolve_also_past
    reset = cloudformation.reset

    def reset_also_past():
        reset()
        _past.clear()

    cloudformation.reset = reset_also_past
