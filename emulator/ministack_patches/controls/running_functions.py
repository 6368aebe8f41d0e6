"""Which invocation made a request, and the end of that invocation's process.

AWS: none: a control for tests, which rests on "Visualize Lambda function invocations using AWS X-Ray" (AWS Lambda Developer Guide)
Test: injected-faults.test.ts: a request of a traced function tells which invocation made it
Test: injected-faults.test.ts: a function whose process is killed fails its task with Runtime.ExitError, and is there again for the next call

With active tracing each invocation has a trace header of its own in `_X_AMZN_TRACE_ID`, and the SDK
sends it on with every request. MiniStack does that. A test needs to ask besides which invocation
has that header, and to end its process as an out-of-memory kill would.

`POST /_local/invocations {"root": ROOT}` answers `{role, event}`, `{"root": ROOT, "kill": true}`
ends the process as well.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from typing import Any

from ministack.core.responses import error_response_json, json_response

from ..patch import Patch
from ..shapes import Answer, Original, Record
from .routes import route

_ROOT = re.compile(r"Root=([^;]+)")
# Requests come while their invocation runs; the margin is for those that come a moment later.
_REMEMBERED = 2_000

_invocations: OrderedDict[str, tuple[Any, Any]] = OrderedDict()

PATCH = Patch(__name__, after=["lambda_.errors"])


@PATCH.wraps("ministack.core.lambda_runtime.Worker.invoke", digest="29b6a914")
def _invoke_and_remember(invoke: Original, worker: Any, event: Any, request_id: str, **kwargs: Any) -> Record:
    found = _ROOT.search(kwargs.get("trace_id") or "")
    if found:
        _invocations[found[1]] = (worker, event)
        while len(_invocations) > _REMEMBERED:
            _invocations.popitem(last=False)
    result: Record = invoke(worker, event, request_id, **kwargs)
    return result


@PATCH.adds(route("/_local/invocations"))
def _answer(request: Record) -> Answer:
    worker, event = _invocations.get(request["root"], (None, None))
    if worker is None:
        return error_response_json("ResourceNotFoundException", f"no invocation has the trace {request['root']}", 404)
    process = worker._proc
    if request.get("kill") and process is not None:
        process.kill()
        process.wait()
    return json_response({"role": worker.config["Role"], "event": event})
