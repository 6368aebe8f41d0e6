"""CloudFormation announces every status change of a stack on the default event bus.

AWS: "Stack Status Change event detail" (AWS CloudFormation User Guide)
Test: cloudformation.test.ts: sends an event for each stack status with its token, answers a repeated request and keeps deleted stacks readable

Source `aws.cloudformation`, detail-type `CloudFormation Stack Status Change`, detail `{"stack-id",
"status-details": {"status", "status-reason"}, "client-request-token"}`.
"""

from __future__ import annotations

import asyncio
import contextvars
import json
import logging
from collections.abc import Callable
from typing import Any

from ministack.services import eventbridge
from ministack.services.cloudformation import stacks

from ..patch import Patch
from ..shapes import Original, Record

_SERVICE = "ministack.services.cloudformation"

logger = logging.getLogger("patches")

PATCH = Patch(__name__)


@PATCH.wraps(
    f"{_SERVICE}.stacks._add_event",
    f"{_SERVICE}.handlers._add_event",
    f"{_SERVICE}.changesets._add_event",
    digest="66b81827",
)
def _record_and_announce(
    record: Original,
    stack_id: str,
    stack_name: str,
    logical_id: str,
    resource_type: str,
    status: str,
    reason: str = "",
    *args: Any,
    **kwargs: Any,
) -> None:
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


def deliveries(stack_name: str, status: str) -> int:
    """How often the event of this status comes: controls.stack_faults lets it be lost, and come twice."""
    return 1


def _after_current_step(call: Callable[[], None]) -> None:
    context = contextvars.copy_context()
    try:
        asyncio.get_running_loop().call_soon(lambda: context.run(call))
    except RuntimeError:
        call()


def _publish(stack_id: str, detail: Record) -> None:
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
