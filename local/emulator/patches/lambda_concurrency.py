"""A burst waits for a free worker instead of starting a process for every invocation.

AWS scales a function out on other machines; on one machine a hundred simultaneous invocations would be a hundred
processes. Each function gets a few workers and further invocations wait their turn, so memory stays bounded and no
throttling appears that AWS would not have sent. `LAMBDA_WORKERS_PER_FUNCTION` sets how many.
"""

from __future__ import annotations

import os
import threading
from collections import defaultdict

from ministack.services import lambda_svc

_LIMIT = int(os.environ.get("LAMBDA_WORKERS_PER_FUNCTION", "3"))
_turns: dict[str, threading.BoundedSemaphore] = defaultdict(lambda: threading.BoundedSemaphore(_LIMIT))


def apply() -> None:
    execute = lambda_svc._execute_function_warm
    assert execute.__code__.co_argcount == 3, "_execute_function_warm takes other arguments now"

    def execute_in_turn(func, event, request_id):
        config = func.get("config") or func
        with _turns[config.get("FunctionArn", "")]:
            return execute(func, event, request_id)

    lambda_svc._execute_function_warm = execute_in_turn
