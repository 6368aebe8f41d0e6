"""RedriveExecution, and what the other calls say about it.

AWS: "Restarting state machine executions with redrive in Step Functions" (AWS Step Functions Developer Guide) and
"RedriveExecution" (API Reference): an execution of a Standard workflow that failed, was stopped or timed out, and ended
at most 14 days ago, goes on from the states that it entered and did not exit, with the definition, input and variables
that it had. Of a Parallel or Map state only what did not succeed runs again. Retries start from zero and the whole time
of the execution is there again. The last ten client tokens are remembered. "DescribeExecution": count, date, status, and
AWS's own words for why not. "Accessing execution data from the Context object": RedriveTime is there once redriven.

MiniStack has no redrive. What an execution goes on from is kept by step_functions_flow.
`POST /_local/executions/age {"executionArn", "days"}` lets an ended execution have ended so many days earlier: for tests.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone

from ministack.core.responses import error_response_json, json_response, now_iso
from ministack.services import stepfunctions as sfn

from .local_controls import control
from .step_functions_run import in_thread, runs

_PERIOD, _OPEN_AT_MOST = timedelta(days=14), timedelta(days=365)
_EVENTS_AT_MOST = 24_999
_TOKENS_REMEMBERED = 10


def apply() -> None:
    for name in ("_describe_execution", "_list_executions", "handle_request", "_finalize_response"):
        assert callable(getattr(sfn, name, None)), f"stepfunctions.{name} is gone"
    describe, list_all, handle = sfn._describe_execution, sfn._list_executions, sfn.handle_request

    def describe_execution(data):
        answer = describe(data)
        execution = sfn._executions.get(data.get("executionArn"))
        return answer if execution is None else _with(answer, described(execution))

    def list_executions(data):
        answer = list_all(data)
        if answer[0] != 200:
            return answer
        items = json.loads(answer[2])["executions"]
        for item in items:
            item.update(counted(sfn._executions[item["executionArn"]]))
        wanted = data.get("redriveFilter")
        if wanted:
            items = [item for item in items if (item["redriveCount"] > 0) == (wanted == "REDRIVEN")]
        return _with(answer, {"executions": items})

    async def handle_request(method, path, headers, body, query_params):
        if headers.get("x-amz-target", "").endswith(".RedriveExecution"):
            return sfn._finalize_response(redrive_execution(json.loads(body or b"{}")))
        return await handle(method, path, headers, body, query_params)

    sfn._describe_execution, sfn._list_executions, sfn.handle_request = describe_execution, list_executions, handle_request
    control("/_local/executions/age", _age)


def _with(answer: tuple, fields: dict) -> tuple:
    return json_response({**json.loads(answer[2]), **fields}, answer[0])


def _time(stamp: str) -> datetime:
    return datetime.fromisoformat(stamp.replace("Z", "+00:00"))


def why_not(execution: dict) -> str | None:
    """Why an execution cannot be redriven; None when it can."""
    if execution["status"] in ("RUNNING", "SUCCEEDED"):
        return f"Execution is {execution['status']} and cannot be redriven"
    machine = sfn._state_machines.get(execution["stateMachineArn"])
    if machine is None and not execution.get("mapRunArn"):
        return "State machine is in DELETING status"
    if machine is not None and machine.get("type", "STANDARD") != "STANDARD":
        return "Executions of Express state machines cannot be redriven"
    now = datetime.now(timezone.utc)
    if now - _time(execution["stopDate"]) > _PERIOD:
        return "Execution redrivable period exceeded"
    if now - _time(execution["startDate"]) > _OPEN_AT_MOST:
        return "Execution has exceeded the max execution time"
    if len(execution["events"]) >= _EVENTS_AT_MOST:
        return "Execution history event limit exceeded"
    return None


def counted(execution: dict) -> dict:
    date = execution.get("redriveDate")
    return {"redriveCount": execution.get("redriveCount", 0), **({"redriveDate": date} if date else {})}


def described(execution: dict) -> dict:
    reason = why_not(execution)
    status = {"redriveStatus": "NOT_REDRIVABLE", "redriveStatusReason": reason} if reason else {"redriveStatus": "REDRIVABLE"}
    return {**counted(execution), **status}


def redrive_execution(data: dict) -> tuple:
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
        return error_response_json("ExecutionNotRedrivable", f"Execution is not redrivable: '{exec_arn}'. {reason}", 400)
    restart(execution)
    if token:
        dates[token] = execution["redriveDate"]
        for oldest in list(dates)[:-_TOKENS_REMEMBERED]:
            del dates[oldest]
    sfn._emit_execution_status_event(execution)
    in_thread(sfn._run_execution, exec_arn)
    return json_response({"redriveDate": execution["redriveDate"]})


def restart(execution: dict) -> None:
    """Marks the execution as running again, with the redrive in its history."""
    count = execution.get("redriveCount", 0) + 1
    execution.update(status="RUNNING", stopDate=None, output=None, error=None, cause=None)
    execution.update(redriveCount=count, redriveDate=now_iso())
    sfn._add_event(execution, "ExecutionRedriven", {"executionRedrivenEventDetails": {"redriveCount": count}})


def _age(data: dict) -> tuple:
    execution = sfn._executions.get(data["executionArn"])
    if execution is None or not execution["stopDate"]:
        return error_response_json("ExecutionDoesNotExist", "no ended execution has this ARN", 400)
    for name in ("startDate", "stopDate"):
        execution[name] = (_time(execution[name]) - timedelta(days=data["days"])).isoformat()
    if why_not(execution):
        runs.pop(execution["executionArn"], None)
    return json_response({})
