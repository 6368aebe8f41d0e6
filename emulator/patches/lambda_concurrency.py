"""A burst waits for a free worker instead of starting a process for every invocation.

AWS scales a function out on other machines; on one machine a hundred simultaneous invocations would be a hundred
processes. Each function gets a few workers and further invocations wait their turn, so memory stays bounded and hardly any
throttling appears that AWS would not have sent. `LAMBDA_WORKERS_PER_FUNCTION` sets how many.

AWS never begins an invocation later than it was asked for ("Lambda function scaling": what exceeds the concurrency is
throttled). One that waited for minutes would run when its caller had long given it up: after `LAMBDA_PATIENCE_SECONDS` it is
throttled. `/_local/load` tells how many wait. Step Functions reports every throttling as `Lambda.TooManyRequestsException`.
"""

from __future__ import annotations

import os
import threading
from collections import defaultdict

from ministack.services import lambda_svc

_LIMIT = int(os.environ.get("LAMBDA_WORKERS_PER_FUNCTION", "3"))
_PATIENCE = float(os.environ.get("LAMBDA_PATIENCE_SECONDS", "25"))
_waiting: set[str] = set()
_turns: dict[str, threading.BoundedSemaphore] = defaultdict(lambda: threading.BoundedSemaphore(_LIMIT))


def apply() -> None:
    _name_throttling()
    # The account's default on AWS: what is bounded here are processes, not those who wait for one.
    assert lambda_svc._ACCOUNT_CONCURRENCY_CAP >= 0
    lambda_svc._ACCOUNT_CONCURRENCY_CAP = lambda_svc._AWS_DEFAULT_ACCOUNT_CONCURRENCY
    execute = lambda_svc._execute_function_warm
    assert execute.__code__.co_argcount == 3, "_execute_function_warm takes other arguments now"

    def execute_in_turn(func, event, request_id):
        config = func.get("config") or func
        turn = _turns[config.get("FunctionArn", "")]
        _waiting.add(request_id)
        try:
            if not turn.acquire(timeout=_PATIENCE):
                return throttled()
        finally:
            _waiting.discard(request_id)
        try:
            return execute(func, event, request_id)
        finally:
            turn.release()

    lambda_svc._execute_function_warm = execute_in_turn


def waiting() -> int:
    return len(_waiting)


def throttled() -> dict:
    return lambda_svc._throttle_response("ConcurrentInvocationLimitExceeded", "Rate Exceeded.")


def _name_throttling() -> None:
    """What Step Functions takes for the name of the error."""
    respond = lambda_svc._throttle_response
    assert respond.__code__.co_varnames[:2] == ("reason_code", "msg")

    def named(*args, **kwargs):
        result = respond(*args, **kwargs)
        result["body"]["errorType"] = "Lambda.TooManyRequestsException"
        return result

    lambda_svc._throttle_response = named
