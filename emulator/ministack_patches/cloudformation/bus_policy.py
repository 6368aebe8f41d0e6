"""An event bus made by CloudFormation has the policy of its template.

AWS: "AWS::Events::EventBus" (AWS CloudFormation Template Reference Guide)
Test: buses.test.ts: a bus made by CloudFormation has the policy of its template

MiniStack makes each bus of a template without a policy.
"""

from __future__ import annotations

import copy

from ministack.services import eventbridge

from ..patch import Patch
from ..shapes import Made, Original, Record

_HANDLER = "ministack.services.cloudformation.provisioners._RESOURCE_HANDLERS[AWS::Events::EventBus]"

PATCH = Patch(__name__)


@PATCH.wraps(f"{_HANDLER}[create]", digest="769e11ed")
def _create_with_policy(create: Original, logical_id: str, props: Record, stack_name: str) -> Made:
    name, attributes = create(logical_id, props, stack_name)
    if props.get("Policy"):
        eventbridge._event_bus_policies[name] = copy.deepcopy(props["Policy"])
    return name, attributes
