"""An execution can be redriven, and other calls tell whether it can be and has been.

AWS: "Restarting state machine executions with redrive in Step Functions" (AWS Step Functions Developer Guide)
AWS: "RedriveExecution" (AWS Step Functions API Reference)
AWS: "DescribeExecution" (AWS Step Functions API Reference)
AWS: "DescribeStateMachineForExecution" (AWS Step Functions API Reference)
AWS: "Accessing execution data from the Context object in Step Functions" (AWS Step Functions Developer Guide)
Test: redrive.test.ts: continues at the failed state, with the same input, variables and definition, and all retries again
Test: redrive.test.ts: runs only the branches of a Parallel state that did not succeed
Test: redrive.test.ts: continues where an execution was stopped, without evaluating earlier states again
Test: redrive.test.ts: is refused for an execution that runs, has succeeded, is older than 14 days, is Express or does not exist

An execution of a Standard workflow that failed, was stopped or timed out, and ended at most 14 days
ago, goes on from the states that it entered and did not exit, with the definition, input and
variables that it had. Of a Parallel or Map state only what did not succeed runs again. Retries
start from zero and the whole time of the execution is there again. The last ten client tokens are
remembered. A description tells count, date, status, and why an execution cannot be redriven, in
AWS's own words. The context object has RedriveTime once redriven. The machine of an execution is described
with the definition that the execution has.

MiniStack has no redrive. stepfunctions.flow keeps what an execution goes on from.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone

from ministack.core.responses import error_response_json, json_response, now_iso
from ministack.services import stepfunctions as sfn

from ..patch import Patch
from ..shapes import Answer, Original, Params, Record
from .run import in_thread, runs

_PERIOD, _OPEN_AT_MOST = timedelta(days=14), timedelta(days=365)
_EVENTS_AT_MOST = 24_999
_TOKENS_REMEMBERED = 10
_STEP_FUNCTIONS = "ministack.services.stepfunctions"

PATCH = Patch(__name__)


@PATCH.wraps(f"{_STEP_FUNCTIONS}._describe_execution", digest="811d82a4")
def _describe_execution(describe: Original, data: Record) -> Answer:
    answer: Answer = describe(data)
    execution = sfn._executions.get(data.get("executionArn"))
    return answer if execution is None else _with(answer, described(execution))


@PATCH.wraps(f"{_STEP_FUNCTIONS}._describe_state_machine_for_execution", digest="c77e3191")
def _describe_state_machine_for_execution(describe: Original, data: Record) -> Answer:
    answer: Answer = describe(data)
    run = runs.get(data.get("executionArn", ""))
    return answer if run is None or answer[0] != 200 else _with(answer, {"definition": json.dumps(run.definition)})


@PATCH.wraps(f"{_STEP_FUNCTIONS}._list_executions", digest="0dbeb6df")
def _list_executions(list_all: Original, data: Record) -> Answer:
    answer: Answer = list_all(data)
    if answer[0] != 200:
        return answer
    items = json.loads(answer[2])["executions"]
    for item in items:
        item.update(_counted(sfn._executions[item["executionArn"]]))
    wanted = data.get("redriveFilter")
    if wanted:
        items = [item for item in items if (item["redriveCount"] > 0) == (wanted == "REDRIVEN")]
    return _with(answer, {"executions": items})


@PATCH.wraps(f"{_STEP_FUNCTIONS}.handle_request", digest="63faea2c")
async def _handle_request(
    handle: Original, method: str, path: str, headers: dict[str, str], body: bytes, query_params: Params
) -> Answer:
    if headers.get("x-amz-target", "").endswith(".RedriveExecution"):
        return sfn._finalize_response(_redrive_execution(json.loads(body or b"{}")))
    answer: Answer = await handle(method, path, headers, body, query_params)
    return answer


def _with(answer: Answer, fields: Record) -> Answer:
    return json_response({**json.loads(answer[2]), **fields}, answer[0])


def time_of(stamp: str) -> datetime:
    return datetime.fromisoformat(stamp.replace("Z", "+00:00"))


def why_not(execution: Record) -> str | None:
    """Why an execution cannot be redriven; None when it can."""
    if execution["status"] in ("RUNNING", "SUCCEEDED"):
        return f"Execution is {execution['status']} and cannot be redriven"
    machine = sfn._state_machines.get(execution["stateMachineArn"])
    if machine is None and not execution.get("mapRunArn"):
        return "State machine is in DELETING status"
    if machine is not None and machine.get("type", "STANDARD") != "STANDARD":
        return "Executions of Express state machines cannot be redriven"
    now = datetime.now(timezone.utc)
    if now - time_of(execution["stopDate"]) > _PERIOD:
        return "Execution redrivable period exceeded"
    if now - time_of(execution["startDate"]) > _OPEN_AT_MOST:
        return "Execution has exceeded the max execution time"
    if len(execution["events"]) >= _EVENTS_AT_MOST:
        return "Execution history event limit exceeded"
    return None


def _counted(execution: Record) -> Record:
    date = execution.get("redriveDate")
    return {"redriveCount": execution.get("redriveCount", 0), **({"redriveDate": date} if date else {})}


def described(execution: Record) -> Record:
    reason = why_not(execution)
    status = (
        {"redriveStatus": "NOT_REDRIVABLE", "redriveStatusReason": reason}
        if reason
        else {"redriveStatus": "REDRIVABLE"}
    )
    return {**_counted(execution), **status}


def _redrive_execution(data: Record) -> Answer:
    exec_arn, token = data.get("executionArn", ""), data.get("clientToken")
    if ":execution:" not in exec_arn:
        return error_response_json("InvalidArn", f"Invalid Arn: 'Invalid ARN prefix: {exec_arn}'", 400)
    execution = sfn._executions.get(exec_arn)
    if execution is None:
        return error_response_json("ExecutionDoesNotExist", f"Execution Does Not Exist: '{exec_arn}'", 400)
    dates = execution.setdefault("redriveTokens", {})
    if token and token in dates:
        return json_response({"redriveDate": dates[token]})
    reason = why_not(execution)
    if reason:
        return error_response_json(
            "ExecutionNotRedrivable", f"Execution is not redrivable: '{exec_arn}'. {reason}", 400
        )
    restart(execution)
    if token:
        dates[token] = execution["redriveDate"]
        for oldest in list(dates)[:-_TOKENS_REMEMBERED]:
            del dates[oldest]
    sfn._emit_execution_status_event(execution)
    in_thread(sfn._run_execution, exec_arn)
    return json_response({"redriveDate": execution["redriveDate"]})


def restart(execution: Record) -> None:
    """Marks the execution as running again, with the redrive in its history."""
    count = execution.get("redriveCount", 0) + 1
    execution.update(status="RUNNING", stopDate=None, output=None, error=None, cause=None)
    execution.update(redriveCount=count, redriveDate=now_iso())
    sfn._add_event(execution, "ExecutionRedriven", {"executionRedrivenEventDetails": {"redriveCount": count}})
