"""Which invocation made a request, the end of that invocation's process, and how much time an invocation has.

AWS: none: a control for tests, which rests on "Visualize Lambda function invocations using AWS X-Ray" (AWS Lambda Developer Guide)
Test: injected-faults.test.ts: a request of a traced function names its invocation
Test: injected-faults.test.ts: a function whose process is killed fails its task with Runtime.ExitError, and can be called again
Test: injected-faults.test.ts: a function can be made to run out of memory, and out of time

With active tracing each invocation has a trace header of its own in `_X_AMZN_TRACE_ID`, and the SDK
sends it on with every request. MiniStack does that. A test needs to ask besides which invocation
has that header, and to end its process as an out-of-memory kill would.

`POST /_local/invocations {"root": ROOT}` answers `{role, event}`, `{"root": ROOT, "kill": true}`
ends the process as well; `"kill": "Runtime.OutOfMemory"`, or another of `lambda_.errors.DEATHS`, says of
what. `POST /_local/function-time {"role", "event": [TEXTS], "seconds"}` gives the next invocation that
has this role and all of these texts in its event so many seconds, in the place of the function's
timeout; `POST /_local/function-time/remove` with the same answers whether it was `met`.
"""

from __future__ import annotations

import json
import re
from collections import OrderedDict
from typing import Any

from ministack.core.responses import error_response_json, json_response

from ..lambda_.errors import DEATHS
from ..patch import Patch
from ..shapes import Answer, Original, Record
from .routes import route

_ROOT = re.compile(r"Root=([^;]+)")
# Requests come while their invocation runs; the margin is for those that come a moment later.
_REMEMBERED = 2_000

# Role's name, texts of the event, seconds.
_hurries: list[tuple[str, tuple[str, ...], float]] = []

_invocations: OrderedDict[str, tuple[Any, Any]] = OrderedDict()

PATCH = Patch(__name__, after=["lambda_.errors"])


@PATCH.wraps("ministack.core.lambda_runtime.Worker.invoke", digest="29b6a914")
def _invoke_and_remember(invoke: Original, worker: Any, event: Any, request_id: str, **kwargs: Any) -> Record:
    found = _ROOT.search(kwargs.get("trace_id") or "")
    if found:
        _invocations[found[1]] = (worker, event)
        while len(_invocations) > _REMEMBERED:
            _invocations.popitem(last=False)
    seconds = _time_for(worker.config.get("Role", ""), event)
    if seconds is None:
        result: Record = invoke(worker, event, request_id, **kwargs)
        return result
    timeout = worker.config.get("Timeout", 3)
    # A worker has one invocation at a time.
    worker.config = {**worker.config, "Timeout": seconds}
    try:
        hurried: Record = invoke(worker, event, request_id, **kwargs)
        return hurried
    finally:
        worker.config = {**worker.config, "Timeout": timeout}


def _time_for(role: str, event: Any) -> float | None:
    if not _hurries:
        return None
    told = json.dumps(event, separators=(",", ":"))
    for index, (of, texts, seconds) in enumerate(_hurries):
        if role.endswith(f"/{of}") and all(text in told for text in texts):
            del _hurries[index]
            return seconds
    return None


@PATCH.adds(route("/_local/invocations"))
def _answer(request: Record) -> Answer:
    worker, event = _invocations.get(request["root"], (None, None))
    if worker is None:
        return error_response_json("ResourceNotFoundException", f"no invocation has the trace {request['root']}", 404)
    process = worker._proc
    death = request.get("kill")
    if death not in (None, False, True, *DEATHS):
        raise ValueError(f"no death of a function: {death}")
    if death and process is not None:
        worker.died_of = None if death is True else death
        process.kill()
        process.wait()
    return json_response({"role": worker.config["Role"], "event": event})


def _hurry(request: Record) -> tuple[str, tuple[str, ...], float]:
    return str(request["role"]), tuple(request["event"]), float(request["seconds"])


@PATCH.adds(route("/_local/function-time"))
def _add_hurry(request: Record) -> Answer:
    _hurries.append(_hurry(request))
    return json_response({})


@PATCH.adds(route("/_local/function-time/remove"))
def _remove_hurry(request: Record) -> Answer:
    left = _hurry(request) in _hurries
    if left:
        _hurries.remove(_hurry(request))
    return json_response({"met": not left})
