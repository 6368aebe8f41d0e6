"""CloudFormation announces every status change of a stack on the default event bus.

AWS: "Stack Status Change event detail" (AWS CloudFormation User Guide): source `aws.cloudformation`, detail-type
`CloudFormation Stack Status Change`, detail `{"stack-id", "status-details": {"status", "status-reason"},
"client-request-token"}`.
"""

from __future__ import annotations

import asyncio
import contextvars
import json
import logging

from ministack.services import eventbridge
from ministack.services.cloudformation import changesets, handlers, stacks

from .stack_faults import deliveries

logger = logging.getLogger("patches")


def apply() -> None:
    record = stacks._add_event
    expected = ("stack_id", "stack_name", "logical_id", "resource_type", "status")
    assert record.__code__.co_varnames[:5] == expected, "_add_event takes other arguments now"

    def record_and_announce(stack_id, stack_name, logical_id, resource_type, status, reason="", *args, **kwargs):
        record(stack_id, stack_name, logical_id, resource_type, status, reason, *args, **kwargs)
        if resource_type != "AWS::CloudFormation::Stack" or logical_id != stack_name:
            return
        detail = {
            "stack-id": stack_id,
            "status-details": {"status": status, "status-reason": reason},
            "client-request-token": stacks.CLIENT_REQUEST_TOKEN.get() or "",
        }
        # The stack's own record changes right after its event: an event that came first would show an old status.
        for _ in range(deliveries(stack_name, status)):
            _after_current_step(lambda: _publish(stack_id, detail))

    for module in (stacks, handlers, changesets):
        assert module._add_event is record, f"{module.__name__} records events by other means now"
        module._add_event = record_and_announce


def _after_current_step(call) -> None:
    context = contextvars.copy_context()
    try:
        asyncio.get_running_loop().call_soon(lambda: context.run(call))
    except RuntimeError:
        call()


def _publish(stack_id: str, detail: dict) -> None:
    try:
        eventbridge._put_events(
            {
                "Entries": [
                    {
                        "Source": "aws.cloudformation",
                        "DetailType": "CloudFormation Stack Status Change",
                        "Detail": json.dumps(detail),
                        "Resources": [stack_id],
                    }
                ]
            },
            allow_aws_source=True,
        )
    except Exception:
        logger.warning("status event of %s was not published", stack_id, exc_info=True)
