"""Which invocation made a request, and the end of that invocation's process.

AWS: "Visualize Lambda function invocations using AWS X-Ray" (AWS Lambda Developer Guide): with active tracing each
invocation has a trace header of its own in `_X_AMZN_TRACE_ID`, and the SDK sends it on with every request. MiniStack does
that; what a test needs besides is to ask whose header that is, and to end that process as an out-of-memory kill would.

`POST /_local/invocations {"root": ROOT}` answers `{role, event}`, `{"root": ROOT, "kill": true}` ends it as well.
"""

from __future__ import annotations

import re
from collections import OrderedDict

from ministack.core import lambda_runtime
from ministack.core.responses import error_response_json, json_response

from .local_controls import control

_ROOT = re.compile(r"Root=([^;]+)")
# Requests come while their invocation runs; the margin is for those that come a moment later.
_REMEMBERED = 2_000
_invocations: OrderedDict[str, tuple] = OrderedDict()


def apply() -> None:
    invoke = lambda_runtime.Worker.invoke
    assert "_proc" in lambda_runtime.Worker.__init__.__code__.co_names, "a worker keeps its process elsewhere now"

    def invoke_and_remember(self, event, request_id, **kwargs):
        found = _ROOT.search(kwargs.get("trace_id") or "")
        if found:
            _invocations[found[1]] = (self, event)
            while len(_invocations) > _REMEMBERED:
                _invocations.popitem(last=False)
        return invoke(self, event, request_id, **kwargs)

    lambda_runtime.Worker.invoke = invoke_and_remember
    control("/_local/invocations", answer)


def answer(request: dict) -> tuple:
    worker, event = _invocations.get(request["root"], (None, None))
    if worker is None:
        return error_response_json("ResourceNotFoundException", f"no invocation has the trace {request['root']}", 404)
    process = worker._proc
    if request.get("kill") and process is not None:
        process.kill()
        process.wait()
    return json_response({"role": worker.config["Role"], "event": event})
