"""A Node function's error reaches its caller under its own name.

AWS: "Lambda function errors in Node.js" (AWS Lambda Developer Guide): the runtime answers with
`{"errorType": err.name, "errorMessage": err.message, "trace": [...]}`, and Step Functions reports `errorType` as the
task's Error and the JSON as its Cause. The execution environment survives an error that a handler throws.

MiniStack's worker drops the name, reports `Runtime.HandlerError`, and ends the worker.
"""

from __future__ import annotations

import contextvars

from ministack.core import lambda_runtime
from ministack.services import lambda_svc

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

_failure: contextvars.ContextVar[dict | None] = contextvars.ContextVar("failure", default=None)


def apply() -> None:
    scripts = [name for name, value in vars(lambda_runtime).items() if isinstance(value, str) and _REPORTS_ERROR in value]
    assert len(scripts) == 1, f"the Node worker's script has changed: {scripts}"
    setattr(lambda_runtime, scripts[0], getattr(lambda_runtime, scripts[0]).replace(_REPORTS_ERROR, _REPORTS_FAILURE))

    invoke = lambda_runtime.Worker.invoke
    execute = lambda_svc._execute_function_warm

    def invoke_and_remember(self, *args, **kwargs):
        response = invoke(self, *args, **kwargs)
        _failure.set(response.get("failure"))
        return response

    def execute_with_named_error(func, event, request_id):
        _failure.set(None)
        result = execute(func, event, request_id)
        failure = _failure.get()
        if failure is not None and not result.get("error"):
            return {"body": failure, "error": True, "log": result.get("log", "")}
        if result.get("error") and "Worker process died" in str(result.get("body", {}).get("errorMessage")):
            result["body"] = {
                "errorType": "Runtime.ExitError",
                "errorMessage": f"RequestId: {request_id} Error: Runtime exited without providing a reason",
            }
        return result

    lambda_runtime.Worker.invoke = invoke_and_remember
    lambda_svc._execute_function_warm = execute_with_named_error
