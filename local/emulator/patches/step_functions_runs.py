"""Executions that stop at once, fail at once, and can be redriven.

AWS:
- "Parallel workflow state": if any branch fails, the entire state is considered to have failed and all the branches are
  stopped. The error is the one that came first. Variables assigned in a branch stay in it ("Passing data between states
  with variables", scope).
- "StopExecution": a stopped execution leaves its waiting tasks.
- "Restarting state machine executions with redrive" and "RedriveExecution": an execution of a Standard workflow that
  failed, was aborted or timed out within 14 days restarts at the states that were entered and not exited, with the
  definition, input and variables it had; of a Parallel only the branches that did not succeed run again; retry attempts
  start from zero; `RedriveCount` and `RedriveTime` are in the context object once it has been redriven.
- "Error names": `States.ALL` does not catch `States.Runtime` and `States.DataLimitExceeded`.

MiniStack waits for all branches, shares variables between them, leaves the tasks of a stopped execution waiting and has
no redrive. The walk through the states is replaced here; what a single state does stays MiniStack's.
"""

from __future__ import annotations

import contextvars
import copy
import json
import logging
import queue
import threading
import time
from datetime import datetime, timedelta, timezone

from ministack.core.responses import error_response_json, json_response, now_iso
from ministack.services import eventbridge
from ministack.services import stepfunctions as sfn

logger = logging.getLogger("patches")

MAX_REDRIVES = 1000
REDRIVE_PERIOD = timedelta(days=14)
NEVER_CAUGHT_BY_ALL = {"States.Runtime", "States.DataLimitExceeded"}


class Cancelled(Exception):
    """The run, or the branch, has been stopped from outside: nothing of it may be recorded any more."""


class Scope:
    """What can be stopped as a whole: a run, or a branch of it."""

    def __init__(self, parent: "Scope | None" = None) -> None:
        self._lock = threading.Lock()
        self._wakers: set[threading.Event] = set()
        self._children: list[Scope] = []
        self.cancelled = False
        if parent is not None:
            with parent._lock:
                parent._children.append(self)
                self.cancelled = parent.cancelled

    def cancel(self) -> None:
        with self._lock:
            self.cancelled = True
            wakers, children = list(self._wakers), list(self._children)
        for child in children:
            child.cancel()
        for waker in wakers:
            waker.set()

    def check(self) -> None:
        if self.cancelled:
            raise Cancelled

    def wait(self, waker: threading.Event, timeout: float | None) -> bool:
        """Waits for the event, the end of the time or the end of the scope."""
        with self._lock:
            self._wakers.add(waker)
            cancelled = self.cancelled
        try:
            done = cancelled or waker.wait(timeout)
        finally:
            with self._lock:
                self._wakers.discard(waker)
        self.check()
        return done


_scope: contextvars.ContextVar[Scope] = contextvars.ContextVar("scope", default=Scope())


class Frame:
    """Where a walk is: the state entered and not yet exited, with its input and the variables at its entry."""

    def __init__(self, state: str | None, state_input, variables: dict) -> None:
        self.state = state
        self.input = state_input
        self.variables = copy.deepcopy(variables)
        # Of a Parallel state: one entry a branch, its Frame while it is under way, Done once it has succeeded.
        self.branches: list | None = None
        self.resumed = False


class Done:
    def __init__(self, result) -> None:
        self.result = result


def apply() -> None:
    for name in ("_run_execution", "_execute_parallel", "_with_retry_and_catch", "_invoke_with_callback", "_emit_execution_status_event"):
        assert callable(getattr(sfn, name, None)), f"stepfunctions.{name} is gone"
    sfn._run_execution = run_execution
    sfn._invoke_with_callback = invoke_with_callback
    sfn._invoke_resource_with_timeout = invoke_resource_with_timeout
    sfn._scaled_sleep = scaled_sleep
    sfn._error_matches = error_matches
    sfn._emit_execution_status_event = emit_status_event
    stop, describe, handle = sfn._stop_execution, sfn._describe_execution, sfn.handle_request

    def stop_execution(data):
        response = stop(data)
        execution = sfn._executions.get(data.get("executionArn"))
        if execution is not None and execution["status"] == "ABORTED" and "_scope" in execution:
            execution["_scope"].cancel()
        return response

    def describe_execution(data):
        response = describe(data)
        execution = sfn._executions.get(data.get("executionArn"))
        return response if execution is None else with_redrive(response, execution)

    async def handle_request(method, path, headers, body, query_params):
        if headers.get("x-amz-target", "").endswith(".RedriveExecution"):
            return sfn._finalize_response(redrive_execution(json.loads(body or b"{}")))
        return await handle(method, path, headers, body, query_params)

    sfn._stop_execution = stop_execution
    sfn._describe_execution = describe_execution
    sfn.handle_request = handle_request


# --- the walk ---------------------------------------------------------------------------------------------------------


def run_execution(exec_arn: str) -> None:
    execution = sfn._executions.get(exec_arn)
    if not execution or execution["status"] != "RUNNING":
        return
    machine = sfn._state_machines.get(execution["stateMachineArn"])
    if not machine:
        sfn._fail_execution(execution, "StateMachineDeleted", "State machine no longer exists")
        return
    definition = execution.setdefault("_definition", json.loads(machine["definition"]))
    scope = execution["_scope"] = Scope()
    _scope.set(scope)
    state_input = json.loads(execution["input"])
    frame = execution.setdefault("_frame", Frame(definition["StartAt"], state_input, {}))
    context = {
        "QueryLanguage": definition.get("QueryLanguage", "JSONPath"),
        "Execution": {
            "Id": exec_arn,
            "Input": state_input,
            "Name": execution["name"],
            "RoleArn": machine["roleArn"],
            "StartTime": execution["startDate"],
            **redrive_context(execution),
        },
        "StateMachine": {"Id": execution["stateMachineArn"], "Name": machine["name"]},
        "variables": copy.deepcopy(frame.variables),
    }
    try:
        output = json.dumps(walk(definition["States"], frame, execution, context))
        scope.check()
        execution.update(status="SUCCEEDED", output=output, stopDate=now_iso())
        sfn._add_event(execution, "ExecutionSucceeded", {"executionSucceededEventDetails": {"output": output}})
        sfn._emit_execution_status_event(execution)
    except Cancelled:
        return
    except sfn._ExecutionError as failure:
        sfn._fail_execution(execution, failure.error, failure.cause)
    except Exception as failure:
        logger.exception("unexpected error in %s", exec_arn)
        sfn._fail_execution(execution, "States.Runtime", str(failure))


def redrive_context(execution) -> dict:
    if not execution.get("_redrives"):
        return {}
    return {"RedriveCount": execution["_redrives"], "RedriveTime": execution["_redriveDate"]}


def walk(states: dict, frame: Frame, execution: dict, context: dict):
    """Walks from the frame's state to the end of these states and answers the last output."""
    scope = _scope.get()
    while frame.state:
        scope.check()
        state = states.get(frame.state)
        if not state:
            raise sfn._ExecutionError("States.Runtime", f"State '{frame.state}' not found in definition")
        kind = state.get("Type")
        context["State"] = {"Name": frame.state, "EnteredTime": now_iso(), "RetryCount": 0}
        if not frame.resumed:
            entered = {"name": frame.state, "input": json.dumps(frame.input)}
            sfn._add_event(execution, f"{kind}StateEntered", {"stateEnteredEventDetails": entered})
        output, following = step(state, kind, frame, execution, context)
        scope.check()
        exited = {"name": frame.state, "output": json.dumps(output)}
        sfn._add_event(execution, f"{kind}StateExited", {"stateExitedEventDetails": exited})
        frame.state, frame.input, frame.branches, frame.resumed = following, output, None, False
        frame.variables = copy.deepcopy(context["variables"])
    return frame.input


def step(state: dict, kind: str, frame: Frame, execution: dict, context: dict):
    if kind == "Succeed":
        if sfn._state_query_language(state, context) == "JSONata":
            return sfn._apply_jsonata_output(state, frame.input, context, default=frame.input), None
        return sfn._apply_output_path(state, sfn._apply_input_path(state, frame.input, context), context), None
    if kind == "Fail":
        raise sfn._ExecutionError(*sfn._fail_state_error(state, frame.input, context))
    if kind == "Parallel":
        return parallel(state, frame, execution, context)
    if kind in ("Task", "Map"):
        run = sfn._execute_task if kind == "Task" else sfn._execute_map
        return run(state, frame.input, execution, context)
    plain = {"Pass": sfn._execute_pass, "Choice": sfn._execute_choice, "Wait": sfn._execute_wait}.get(kind)
    if not plain:
        raise sfn._ExecutionError("States.Runtime", f"Unknown state type: {kind}")
    return plain(state, frame.input, context)


def parallel(state: dict, frame: Frame, execution: dict, context: dict):
    def attempt():
        results = run_branches(state, frame, execution, context)
        following = sfn._next_or_end(state)
        if sfn._state_query_language(state, context) == "JSONata":
            output = sfn._apply_jsonata_output(state, frame.input, context, result=results, default=results)
            sfn._apply_state_assign(state, frame.input, context, result=results)
            return output, following
        selected = sfn._apply_result_selector(state, results)
        output = sfn._apply_result_path(state, frame.input, selected)
        return sfn._apply_output_path(state, output, context), following

    return sfn._with_retry_and_catch(state, frame.input, context, attempt)


def run_branches(state: dict, frame: Frame, execution: dict, context: dict) -> list:
    branches = state["Branches"]
    if not frame.resumed or frame.branches is None:
        effective = sfn._apply_parameters(state, sfn._apply_input_path(state, frame.input, context), context)
        frame.branches = [Frame(b["StartAt"], copy.deepcopy(effective), context["variables"]) for b in branches]
    frame.resumed = False
    frames = frame.branches
    parent = _scope.get()
    scopes = [Scope(parent) for _ in branches]
    ended: queue.Queue = queue.Queue()

    def run(index: int) -> None:
        _scope.set(scopes[index])
        own = {**context, "variables": copy.deepcopy(frames[index].variables)}
        try:
            result = walk(branches[index]["States"], frames[index], execution, own)
            frames[index] = Done(result)
            ended.put(None)
        except BaseException as failure:
            ended.put(failure)

    under_way = [index for index, branch in enumerate(frames) if isinstance(branch, Frame)]
    for index in under_way:
        threading.Thread(target=contextvars.copy_context().run, args=(run, index), daemon=True).start()
    for _ in under_way:
        failure = ended.get()
        if failure is None:
            continue
        for scope in scopes:
            scope.cancel()
        if isinstance(failure, (sfn._ExecutionError, Cancelled)):
            raise failure
        raise sfn._ExecutionError("States.BranchFailed", str(failure))
    return [branch.result for branch in frames]


# --- what a state waits for -------------------------------------------------------------------------------------------


def in_background(call, *args) -> tuple[threading.Event, list]:
    """Runs a call whose result may come too late to matter."""
    waker, box = threading.Event(), []

    def run() -> None:
        try:
            box.append((True, call(*args)))
        except BaseException as failure:
            box.append((False, failure))
        waker.set()

    threading.Thread(target=contextvars.copy_context().run, args=(run,), daemon=True).start()
    return waker, box


def invoke_resource_with_timeout(resource, input_data, timeout):
    waker, box = in_background(sfn._invoke_resource, resource, input_data)
    if not _scope.get().wait(waker, timeout):
        raise sfn._ExecutionError("States.Timeout", f"Task timed out after {timeout} seconds")
    succeeded, outcome = box[0]
    if succeeded:
        return outcome
    raise outcome


def invoke_with_callback(resource, input_data, token, state_def):
    """The request goes out and the task waits for its token; what the function returns does not matter, what it throws
    fails the task."""
    answered = threading.Event()
    info = sfn._task_tokens[token] = {"event": answered, "result": None, "error": None, "heartbeat": None}
    deadline = time.monotonic() + state_def.get("TimeoutSeconds", 99_999_999)

    def request():
        try:
            return sfn._invoke_resource(resource.replace(".waitForTaskToken", ""), input_data)
        except sfn._ExecutionError as failure:
            info["error"] = {"Error": failure.error, "Cause": failure.cause}
            answered.set()

    in_background(request)
    try:
        if not _scope.get().wait(answered, max(0.0, deadline - time.monotonic())):
            raise sfn._ExecutionError("States.Timeout", "Task timed out waiting for its token")
    finally:
        sfn._task_tokens.pop(token, None)
    if info["error"]:
        raise sfn._ExecutionError(info["error"].get("Error", "TaskFailed"), info["error"].get("Cause", ""))
    result = info["result"]
    return json.loads(result) if isinstance(result, str) else result


def scaled_sleep(seconds: float) -> None:
    scaled = seconds * sfn._SFN_WAIT_SCALE
    if scaled > 0:
        _scope.get().wait(threading.Event(), scaled)


def error_matches(error_equals, error) -> bool:
    if error in error_equals:
        return True
    if error in NEVER_CAUGHT_BY_ALL:
        return False
    return "States.ALL" in error_equals or ("States.TaskFailed" in error_equals and error != "States.Timeout")


# --- redrive ----------------------------------------------------------------------------------------------------------


def redrive_status(execution) -> tuple[str, str | None]:
    status = execution["status"]
    if status == "RUNNING":
        return "NOT_REDRIVABLE", "Execution is RUNNING and cannot be redriven"
    if status == "SUCCEEDED":
        return "NOT_REDRIVABLE", "Execution is SUCCEEDED and cannot be redriven"
    if execution.get("_redrives", 0) >= MAX_REDRIVES:
        return "NOT_REDRIVABLE", f"Execution has been redriven {MAX_REDRIVES} times"
    stopped = datetime.fromisoformat(execution["stopDate"].replace("Z", "+00:00"))
    if datetime.now(timezone.utc) - stopped > REDRIVE_PERIOD:
        return "NOT_REDRIVABLE", "Execution is older than the redrivable period of 14 days"
    machine = sfn._state_machines.get(execution["stateMachineArn"])
    if machine is None or machine.get("type", "STANDARD") != "STANDARD":
        return "NOT_REDRIVABLE", "Only executions of existing Standard state machines can be redriven"
    return "REDRIVABLE", None


def redrive_fields(execution) -> dict:
    status, reason = redrive_status(execution)
    fields = {"redriveCount": execution.get("_redrives", 0), "redriveStatus": status}
    if reason:
        fields["redriveStatusReason"] = reason
    if execution.get("_redriveDate"):
        fields["redriveDate"] = execution["_redriveDate"]
    return fields


def with_redrive(response, execution):
    status, headers, body = response
    return status, headers, json.dumps({**json.loads(body), **redrive_fields(execution)}).encode()


def redrive_execution(data):
    exec_arn = data.get("executionArn", "")
    execution = sfn._executions.get(exec_arn)
    if execution is None:
        return error_response_json("ExecutionDoesNotExist", f"Execution Does Not Exist: '{exec_arn}'", 400)
    client_token = data.get("clientToken")
    if client_token and execution.get("_redriveToken") == client_token:
        return json_response({"redriveDate": execution["_redriveDate"]})
    status, reason = redrive_status(execution)
    if status != "REDRIVABLE":
        return error_response_json("ExecutionNotRedrivable", f"Execution is not redrivable: '{exec_arn}'. {reason}", 400)
    redriven = now_iso()
    for key in ("error", "cause", "output"):
        execution[key] = None
    execution.update(
        status="RUNNING",
        stopDate=None,
        _redrives=execution.get("_redrives", 0) + 1,
        _redriveDate=redriven,
        _redriveToken=client_token,
    )
    resume(execution.get("_frame"))
    details = {"executionRedrivenEventDetails": {"redriveCount": execution["_redrives"]}}
    sfn._add_event(execution, "ExecutionRedriven", details)
    sfn._emit_execution_status_event(execution)
    threading.Thread(target=contextvars.copy_context().run, args=(sfn._run_execution, exec_arn), daemon=True).start()
    return json_response({"redriveDate": redriven})


def resume(frame) -> None:
    """Marks the states that were entered and not exited, branches included: they start again without entering."""
    if not isinstance(frame, Frame):
        return
    frame.resumed = True
    for branch in frame.branches or []:
        resume(branch)


def emit_status_event(execution) -> None:
    """AWS: "Step Functions event details" in the EventBridge events reference. Best effort, as there."""
    if execution.get("sync"):
        return
    status = execution["status"]
    ended_well = status == "SUCCEEDED"
    detail = {
        "executionArn": execution["executionArn"],
        "stateMachineArn": execution["stateMachineArn"],
        "name": execution["name"],
        "status": status,
        "startDate": sfn._iso_to_epoch_ms(execution.get("startDate")),
        "stopDate": sfn._iso_to_epoch_ms(execution.get("stopDate")),
        "input": execution.get("input"),
        "inputDetails": {"included": True},
        "output": execution.get("output") if ended_well else None,
        "outputDetails": {"included": True} if ended_well else None,
        "error": execution.get("error"),
        "cause": execution.get("cause"),
        "redriveDate": None,
        **redrive_fields(execution),
    }
    for field in ("input", "output"):
        if detail[field] is not None and len(detail[field]) > sfn._STATUS_EVENT_PAYLOAD_CAP:
            detail[field], detail[f"{field}Details"] = None, {"included": False}
    entry = {
        "Source": "aws.states",
        "DetailType": "Step Functions Execution Status Change",
        "Detail": json.dumps(detail),
        "Resources": [execution["executionArn"]],
    }
    try:
        eventbridge._put_events({"Entries": [entry]}, allow_aws_source=True)
    except Exception:
        logger.warning("status event of %s was not published", execution["executionArn"], exc_info=True)
