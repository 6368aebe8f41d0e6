"""An execution's status changes are events on the default bus, redrives and timeouts among them.

AWS: "Automating Step Functions event delivery with EventBridge" (AWS Step Functions Developer Guide)
Test: redrive.test.ts: every status change of an execution is an event on the default bus, redrives included

Source `aws.states`, detail-type `Step Functions Execution Status Change`, times in milliseconds,
the count, date and status of redrives; an input or output over 248 KiB is left out. Executions of
Express workflows have none. MiniStack's events know no redrive, and no ABORTED or TIMED_OUT
execution that could be redriven.
"""

from __future__ import annotations

import json
import logging

from ministack.services import eventbridge
from ministack.services import stepfunctions as sfn

from ..patch import Patch
from ..shapes import Record
from .redrive import described

logger = logging.getLogger("patches")

PATCH = Patch(__name__)


@PATCH.replaces("ministack.services.stepfunctions._emit_execution_status_event", digest="ab641f65")
def _emit(execution: Record) -> None:
    machine = sfn._state_machines.get(execution["stateMachineArn"])
    if execution.get("sync") or execution.get("mapRunArn") or (machine or {}).get("type") == "EXPRESS":
        return
    entry = {
        "Source": "aws.states",
        "DetailType": "Step Functions Execution Status Change",
        "Detail": json.dumps(_detail(execution)),
        "Resources": [execution["executionArn"]],
    }
    try:
        eventbridge._put_events({"Entries": [entry]}, allow_aws_source=True)
    except Exception:
        logger.warning("status event of %s was not published", execution["executionArn"], exc_info=True)


def _detail(execution: Record) -> Record:
    redrive = described(execution)
    return {
        **{name: execution[name] for name in ("executionArn", "stateMachineArn", "name", "status")},
        "startDate": sfn._iso_to_epoch_ms(execution["startDate"]),
        "stopDate": sfn._iso_to_epoch_ms(execution["stopDate"]),
        **_payload("input", execution["input"]),
        **_payload("output", execution["output"] if execution["status"] == "SUCCEEDED" else None),
        "stateMachineVersionArn": None,
        "stateMachineAliasArn": None,
        "redriveCount": redrive["redriveCount"],
        "redriveDate": sfn._iso_to_epoch_ms(redrive.get("redriveDate")),
        "redriveStatus": redrive["redriveStatus"],
        "redriveStatusReason": redrive.get("redriveStatusReason"),
        "error": execution.get("error"),
        "cause": execution.get("cause"),
    }


def _payload(name: str, text: str | None) -> Record:
    if text is None:
        return {name: None, f"{name}Details": None}
    if len(text.encode()) > sfn._STATUS_EVENT_PAYLOAD_CAP:
        return {name: None, f"{name}Details": {"included": False}}
    return {name: text, f"{name}Details": {"included": True}}
