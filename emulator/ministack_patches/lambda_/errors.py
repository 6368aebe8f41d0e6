"""A Node function's error reaches its caller under its own name.

AWS: "Lambda function errors in Node.js" (AWS Lambda Developer Guide)
Test: functions.test.ts: what a function throws reaches the caller under its own name, and the function lives on
Test: functions.test.ts: a function that ends its process is a Runtime.ExitError, and is started again

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

_failure: contextvars.ContextVar[Record | None] = contextvars.ContextVar("failure", default=None)

PATCH = Patch(__name__)


@PATCH.edits("ministack.core.lambda_runtime._NODEJS_WORKER_SCRIPT", digest="4c6fe8a4")
def _report_name(script: str) -> str:
    return substituted(script, _REPORTS_ERROR, _REPORTS_FAILURE)


@PATCH.wraps("ministack.core.lambda_runtime.Worker.invoke", digest="29b6a914")
def _invoke_and_remember(invoke: Original, worker: Any, *args: Any, **kwargs: Any) -> Record:
    response: Record = invoke(worker, *args, **kwargs)
    _failure.set(response.get("failure"))
    return response


@PATCH.wraps("ministack.services.lambda_svc._execute_function_warm", digest="52733a30")
def _execute_with_named_error(execute: Original, func: Record, event: Any, request_id: str) -> Record:
    _failure.set(None)
    result: Record = execute(func, event, request_id)
    failure = _failure.get()
    if failure is not None and not result.get("error"):
        return {"body": failure, "error": True, "log": result.get("log", "")}
    if result.get("error") and "Worker process died" in str(result.get("body", {}).get("errorMessage")):
        result["body"] = {
            "errorType": "Runtime.ExitError",
            "errorMessage": f"RequestId: {request_id} Error: Runtime exited without providing a reason",
        }
    return result
