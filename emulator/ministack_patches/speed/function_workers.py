"""A burst waits for a free worker instead of starting a process for every invocation.

AWS: "Lambda function scaling" (AWS Lambda Developer Guide)
Test: functions.test.ts: a burst of invocations waits for a few processes, and each is answered
Test: functions.test.ts: an invocation that waits too long for a process is throttled, and never starts

AWS scales a function out on other machines; on one machine a hundred simultaneous invocations would
be a hundred processes. Each function gets a few workers and further invocations wait their turn, so
memory stays bounded and hardly any throttling appears that AWS would not have sent.
`LAMBDA_WORKERS_PER_FUNCTION` sets how many.

AWS never begins an invocation later than it was asked for: what exceeds the concurrency is
throttled. One that waited for minutes would run when its caller had long given it up: after
`LAMBDA_PATIENCE_SECONDS` it is throttled. `/_local/load` tells how many wait.
"""

from __future__ import annotations

import os
import threading
from collections import defaultdict
from typing import Any

from ministack.services import lambda_svc

from ..patch import Patch
from ..shapes import Original, Record

_LIMIT = int(os.environ.get("LAMBDA_WORKERS_PER_FUNCTION", "3"))
_PATIENCE = float(os.environ.get("LAMBDA_PATIENCE_SECONDS", "25"))

_waiting: set[str] = set()
_turns: dict[str, threading.BoundedSemaphore] = defaultdict(lambda: threading.BoundedSemaphore(_LIMIT))

# What runs in a turn is a plain invocation; how its end is named comes after.
PATCH = Patch(__name__, before=["lambda_.errors"])


@PATCH.wraps("ministack.services.lambda_svc._execute_function_warm", digest="52733a30")
def _execute_in_turn(execute: Original, func: Record, event: Any, request_id: str) -> Record:
    config = func.get("config") or func
    turn = _turns[config.get("FunctionArn", "")]
    _waiting.add(request_id)
    try:
        if not turn.acquire(timeout=_PATIENCE):
            return lambda_svc._throttle_response("ConcurrentInvocationLimitExceeded", "Rate Exceeded.")
    finally:
        _waiting.discard(request_id)
    try:
        result: Record = execute(func, event, request_id)
        return result
    finally:
        turn.release()


def waiting() -> int:
    return len(_waiting)
