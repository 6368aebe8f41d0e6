"""A task is tried, waited for, given up and answered as in AWS Step Functions.

AWS: "Task workflow state" (AWS Step Functions Developer Guide)
AWS: "Wait for a Callback with Task Token" (AWS Step Functions Developer Guide)
AWS: "SendTaskSuccess" (AWS Step Functions API Reference)
AWS: "GetExecutionHistory" (AWS Step Functions API Reference)
Test: step-functions.test.ts: each attempt has its own task token; an earlier attempt’s token answers nothing
Test: step-functions.test.ts: a task without a heartbeat fails, and one with heartbeats goes on
Test: step-functions.test.ts: a waiting task fails with its function’s error, and with States.Timeout after its time

TimeoutSeconds and HeartbeatSeconds fail the task with States.Timeout and States.HeartbeatTimeout.
Each attempt has a token of its own. A task whose function fails fails with that error, and is done
as soon as its token is answered. The token of a task that is over is answered with TaskTimedOut,
one that never was with InvalidToken, output that is no JSON with InvalidOutput. A task's
scheduling, start, submission and end are events.

MiniStack gives all attempts one token, ignores what a called function throws, knows no heartbeat,
answers TaskDoesNotExist and has no event for a task's start.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import threading
import time
from typing import Any

from ministack.core.responses import error_response_json, get_region, json_response
from ministack.services import stepfunctions as sfn

from ..patch import Patch
from ..shapes import Answer, Record
from .run import Scope, Stopped, current, in_thread

# The longest a Standard execution can wait: one year.
_LONGEST = 31_536_000.0
_STEP_FUNCTIONS = "ministack.services.stepfunctions"

_key = secrets.token_bytes(32)

PATCH = Patch(__name__)


# --- tokens -----------------------------------------------------------------------------------------------------------


def _new_token(state_machine_arn: str) -> str:
    """Signed, so that a token that was given out is told from an invented one without remembering any."""
    machine = base64.urlsafe_b64encode(state_machine_arn.encode()).decode().rstrip("=")
    identity = f"{machine}.{secrets.token_urlsafe(24)}"
    return f"{identity}.{_signature(identity)}"


def machine_of(token: str) -> str | None:
    """The state machine whose task the token belongs, or belonged, to; None for an invented token."""
    identity, _, signature = token.rpartition(".")
    if not hmac.compare_digest(signature.encode(), _signature(identity).encode()):
        return None
    machine = identity.partition(".")[0]
    return base64.urlsafe_b64decode(machine + "=" * (-len(machine) % 4)).decode()


def _signature(identity: str) -> str:
    return hmac.new(_key, identity.encode(), hashlib.sha256).hexdigest()


def _answer_task(data: Record, result: str | None = None, error: Record | None = None) -> Answer:
    token = data.get("taskToken") or ""
    if result is not None:
        try:
            json.loads(result)
        except ValueError:
            return error_response_json("InvalidOutput", "Invalid Output: 'Unable to parse output as JSON'", 400)
    waiting = sfn._task_tokens.get(token)
    if waiting is None or waiting["event"].is_set() or waiting["scope"].stopped:
        if waiting is None and machine_of(token) is None:
            return error_response_json("InvalidToken", "Invalid Token: 'Invalid token'", 400)
        return error_response_json("TaskTimedOut", "Task Timed Out: 'Provided task does not exist anymore'", 400)
    waiting["heartbeat"] = time.monotonic()
    if result is not None or error is not None:
        waiting.update(result=result, error=error)
        waiting["event"].set()
    return json_response({})


@PATCH.replaces(f"{_STEP_FUNCTIONS}._send_task_success", digest="9ca34d6e")
def _send_task_success(data: Record) -> Answer:
    return _answer_task(data, result=data.get("output", "{}"))


@PATCH.replaces(f"{_STEP_FUNCTIONS}._send_task_failure", digest="2765576b")
def _send_task_failure(data: Record) -> Answer:
    return _answer_task(data, error={"Error": data.get("error", "States.TaskFailed"), "Cause": data.get("cause", "")})


@PATCH.replaces(f"{_STEP_FUNCTIONS}._send_task_heartbeat", digest="a14c3a4d")
def _send_task_heartbeat(data: Record) -> Answer:
    return _answer_task(data)


# --- the state --------------------------------------------------------------------------------------------------------


@PATCH.replaces(f"{_STEP_FUNCTIONS}._execute_task", digest="f4f2fbad")
def _execute_task(state_def: Record, raw_input: Any, execution: Record, ctx: Record) -> tuple[Any, str | None]:
    return sfn._with_retry_and_catch(state_def, raw_input, ctx, lambda: _attempt(state_def, raw_input, execution, ctx))


def _attempt(state_def: Record, raw_input: Any, execution: Record, ctx: Record) -> tuple[Any, str | None]:
    resource = state_def.get("Resource", "")
    jsonata = sfn._state_query_language(state_def, ctx) == "JSONata"
    if ".waitForTaskToken" in resource:
        ctx["Task"] = {"Token": _new_token(execution["stateMachineArn"])}
    if jsonata:
        arguments = sfn._apply_jsonata_arguments(state_def, raw_input, ctx)
    else:
        arguments = sfn._apply_parameters(state_def, sfn._apply_input_path(state_def, raw_input, ctx), ctx)
    timeout = _seconds(state_def, "TimeoutSeconds", raw_input, ctx)
    heartbeat = _seconds(state_def, "HeartbeatSeconds", raw_input, ctx)
    result = _Task(resource, execution, timeout, heartbeat).run(arguments, ctx)
    if jsonata:
        output = sfn._apply_jsonata_output(state_def, raw_input, ctx, result=result, default=result)
        sfn._apply_state_assign(state_def, raw_input, ctx, result=result)
    else:
        output = sfn._apply_result_path(state_def, raw_input, sfn._apply_result_selector(state_def, result))
        output = sfn._apply_output_path(state_def, output, ctx)
    return output, sfn._next_or_end(state_def)


def _seconds(state_def: Record, name: str, raw_input: Any, ctx: Record) -> float | None:
    value = state_def.get(name)
    if isinstance(value, str):
        return sfn._jsonata_state_field(state_def, name, "number", raw_input, ctx)
    if value is None and f"{name}Path" in state_def:
        return sfn._resolve_path_or_ctx(state_def[f"{name}Path"], raw_input, ctx)
    return value


class _Task:
    """One attempt at a task, with its events in the history."""

    def __init__(self, resource: str, execution: Record, timeout: float | None, heartbeat: float | None) -> None:
        self.resource, self.execution, self.timeout, self.heartbeat = resource, execution, timeout, heartbeat
        self.direct = ":function:" in resource
        self.kind, _, self.action = resource.split(":::", 1)[-1].rpartition(":")

    def event(self, step: str, **details: Any) -> None:
        if self.direct:
            name, key = f"LambdaFunction{step}", f"lambdaFunction{step}"
        else:
            name, key = f"Task{step}", f"task{step}"
            details = {"resourceType": self.kind, "resource": self.action, **details}
        sfn._add_event(self.execution, name, {f"{key}EventDetails": details} if details else None)

    def run(self, arguments: Any, ctx: Record) -> Any:
        limits = {"timeoutInSeconds": self.timeout, "heartbeatInSeconds": None if self.direct else self.heartbeat}
        limits = {name: int(limit) for name, limit in limits.items() if limit is not None}
        if self.direct:
            self.event("Scheduled", resource=self.resource, input=json.dumps(arguments), **limits)
        else:
            self.event("Scheduled", region=get_region(), parameters=json.dumps(arguments), **limits)
        self.event("Started")
        try:
            result = self._result(arguments, ctx)
        except sfn._ExecutionError as failure:
            step = "TimedOut" if failure.error in ("States.Timeout", "States.HeartbeatTimeout") else "Failed"
            self.event(step, error=failure.error, cause=failure.cause)
            raise
        self.event("Succeeded", output=json.dumps(result))
        return result

    def _result(self, arguments: Any, ctx: Record) -> Any:
        mocked = self._mock(ctx)
        if mocked is not None:
            if "Throw" in mocked:
                raise sfn._ExecutionError(mocked["Throw"].get("Error", "MockError"), mocked["Throw"].get("Cause", ""))
            return mocked.get("Return", {})
        if ".waitForTaskToken" in self.resource:
            return self._called_back(arguments, ctx["Task"]["Token"])
        call = _Call(self.resource, arguments)
        if not current().wait(call.over, self.timeout):
            raise sfn._ExecutionError("States.Timeout", "")
        return call.outcome()

    def _mock(self, ctx: Record) -> Record | None:
        if not sfn._sfn_mock_config:
            return None
        attempts, name = self.execution["mockAttempts"], ctx["State"]["Name"]
        machine, case = ctx["StateMachine"]["Name"], self.execution.get("testCase", "")
        found = sfn._get_mock_response(machine, case, name, attempts.get(name, 0))
        if found is not None:
            attempts[name] = attempts.get(name, 0) + 1
        return found

    def _called_back(self, arguments: Any, token: str) -> Any:
        answered = threading.Event()
        scope = current()
        now = time.monotonic()
        waiting: Record = {"event": answered, "scope": scope, "result": None, "error": None, "heartbeat": now}
        sfn._task_tokens[token] = waiting

        def submitted(call: _Call) -> None:
            if answered.is_set() or scope.stopped:
                return
            if call.failure is None:
                self.event("Submitted", output=json.dumps(call.result))
                return
            waiting["error"] = {"Error": call.failure.error, "Cause": call.failure.cause}
            answered.set()

        try:
            _Call(self.resource.replace(".waitForTaskToken", ""), arguments, submitted)
            self._wait(scope, waiting)
        finally:
            sfn._task_tokens.pop(token, None)
        if waiting["error"]:
            raise sfn._ExecutionError(waiting["error"]["Error"], waiting["error"]["Cause"])
        return json.loads(waiting["result"])

    def _wait(self, scope: Scope, waiting: Record) -> None:
        deadline = time.monotonic() + (self.timeout or _LONGEST)
        while True:
            silent = waiting["heartbeat"] + (self.heartbeat or _LONGEST)
            if scope.wait(waiting["event"], max(0.0, min(deadline, silent) - time.monotonic())):
                return
            if time.monotonic() >= deadline:
                raise sfn._ExecutionError("States.Timeout", "")
            if time.monotonic() >= waiting["heartbeat"] + (self.heartbeat or _LONGEST):
                raise sfn._ExecutionError("States.HeartbeatTimeout", "")


class _Call:
    """A call in a thread of its own: it runs on when the task is given up, and nobody hears its answer."""

    def __init__(self, resource: str, arguments: Any, then: Any = None) -> None:
        self.over = threading.Event()
        self.result: Any = None
        self.failure: Any = None
        in_thread(self._make, resource, arguments, then)

    def _make(self, resource: str, arguments: Any, then: Any) -> None:
        try:
            self.result = sfn._invoke_resource(resource, arguments)
        except sfn._ExecutionError as failure:
            self.failure = failure
        except Stopped:
            return
        except Exception as failure:
            self.failure = sfn._ExecutionError("States.Runtime", str(failure))
        if then:
            then(self)
        self.over.set()

    def outcome(self) -> Any:
        if self.failure is not None:
            raise self.failure
        return self.result
