"""To start a running execution again, by its name and with its input, is no error: the answer is that of the first start.

AWS: "StartExecution" (AWS Step Functions API Reference)
Test: step-functions.test.ts: a start with name and input of a running execution answers that execution, any other refuses

Of a STANDARD workflow alone. A closed execution keeps its name, and so does one with another input. MiniStack refuses
every start with a name that is taken.
"""

from __future__ import annotations

import json

from ministack.core.responses import json_response
from ministack.services import stepfunctions as sfn

from ..patch import Patch
from ..shapes import Answer, Original, Record

PATCH = Patch(__name__)


@PATCH.wraps("ministack.services.stepfunctions._start_execution", digest="9f822bb4")
def _start_once(start: Original, request: Record) -> Answer:
    answer: Answer = start(request)
    if answer[0] != 400 or json.loads(answer[2]).get("__type") != "ExecutionAlreadyExists":
        return answer
    machine = sfn._resolve_state_machine_arn(request["stateMachineArn"])
    name = f"{str(machine).replace(':stateMachine:', ':execution:')}:{request['name']}"
    execution = sfn._executions.get(name) or {}
    standard = (sfn._state_machines.get(machine) or {}).get("type") != "EXPRESS"
    if not standard or execution.get("status") != "RUNNING" or execution["input"] != request.get("input", "{}"):
        return answer
    found: Answer = json_response({"executionArn": name, "startDate": execution["startDate"]})
    return found
