"""A Node function's error reaches its caller under its own name, and so does the end of its process.

AWS: "Lambda function errors in Node.js" (AWS Lambda Developer Guide)
AWS: "Handle Lambda service exceptions" (AWS Step Functions Developer Guide)
Test: functions.test.ts: the caller gets a function’s error under its own name, and the function can be called again
Test: functions.test.ts: a function that ends its process fails with Runtime.ExitError, and is started again
Test: functions.test.ts: a function that times out is ended with its sandbox, and fails with Sandbox.Timedout

The runtime answers with `{"errorType": err.name, "errorMessage": err.message, "trace": [...]}`, and
Step Functions reports `errorType` as the task's Error and the JSON as its Cause. The execution
environment survives an error that a handler throws. MiniStack's worker drops the name, reports
`Runtime.HandlerError`, and ends the worker.
"""

from __future__ import annotations

import contextvars
from typing import Any

from ..patch import Patch, substituted
from ..shapes import Original, Record

_REPORTS_ERROR = """          _realStdoutWrite(JSON.stringify({
            status: "error", error: String(err.message || err), trace: err.stack || ""
          }) + "\\n");"""

_REPORTS_FAILURE = """          const thrown = err instanceof Error ? err : null;
          _realStdoutWrite(JSON.stringify({
            status: "ok", result: null, failure: {
              errorType: thrown ? thrown.name : typeof err,
              errorMessage: thrown ? thrown.message : String(err),
              trace: thrown && thrown.stack ? thrown.stack.split("\\n") : [],
            },
          }) + "\\n");"""

# What AWS says of a process that ended without an answer. The first is what it says unless a control knows better.
DEATHS = {
    "Runtime.ExitError": "Runtime exited without providing a reason",
    "Runtime.OutOfMemory": "Runtime exited with error: signal: killed",
    "Sandbox.Timedout": "Task timed out after {timeout}.00 seconds",
}

_failure: contextvars.ContextVar[Record | None] = contextvars.ContextVar("failure", default=None)
_death: contextvars.ContextVar[str | None] = contextvars.ContextVar("death", default=None)

PATCH = Patch(__name__)


@PATCH.edits("ministack.core.lambda_runtime._NODEJS_WORKER_SCRIPT", digest="4c6fe8a4")
def _report_name(script: str) -> str:
    return substituted(script, _REPORTS_ERROR, _REPORTS_FAILURE)


@PATCH.wraps("ministack.core.lambda_runtime.Worker.invoke", digest="29b6a914")
def _invoke_and_remember(invoke: Original, worker: Any, *args: Any, **kwargs: Any) -> Record:
    response: Record = invoke(worker, *args, **kwargs)
    _failure.set(response.get("failure"))
    _death.set(vars(worker).pop("died_of", None))
    return response


@PATCH.wraps("ministack.services.lambda_svc._execute_function_warm", digest="52733a30")
def _execute_with_named_error(execute: Original, func: Record, event: Any, request_id: str) -> Record:
    _failure.set(None)
    _death.set(None)
    result: Record = execute(func, event, request_id)
    failure = _failure.get()
    if failure is not None and not result.get("error"):
        return {"body": failure, "error": True, "log": result.get("log", "")}
    message = str(result.get("body", {}).get("errorMessage")) if result.get("error") else ""
    death = "Sandbox.Timedout" if message.startswith("Task timed out") else _death.get() or "Runtime.ExitError"
    if "Worker process died" in message or death == "Sandbox.Timedout":
        told = DEATHS[death].format(timeout=(func.get("config") or func).get("Timeout", 3))
        result["body"] = {"errorType": death, "errorMessage": f"RequestId: {request_id} Error: {told}"}
    return result
