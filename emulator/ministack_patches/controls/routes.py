"""Routes under /_local that AWS does not have, for what a test cannot wait for or call for.

AWS: none: a control for tests
Test: step-functions.test.ts: a hundred simultaneous executions end, and leave no thread and no waiting event
Test: functions.test.ts: invocations that wait for a process are counted until they run

A patch adds a route to `ROUTES`. A request's body is JSON, and a refusal is an answer like AWS's
own. The routes are on the emulator's own port, which is bound to loopback. `GET /_local/load`
counts what must not grow with the work that is done: the threads that run, the delivered events
that are still kept, and the invocations that wait for a worker.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import Any

from ministack import app
from ministack.core.responses import error_response_json, json_response
from ministack.services import eventbridge

from ..patch import Patch
from ..shapes import Answer, Original, Record
from ..speed.function_workers import waiting

ROUTES: dict[str, Callable[[Record], Answer]] = {}

PATCH = Patch(__name__)


def route(path: str) -> str:
    """The target that a patch adds its handler to."""
    return f"{__name__}.ROUTES[{path}]"


@PATCH.wraps("ministack.app.app", digest="37c9f1ad")
async def _dispatch(serve: Original, scope: Record, receive: Any, send: Any) -> None:
    handle = ROUTES.get(scope["path"]) if scope["type"] == "http" else None
    if handle is None:
        await serve(scope, receive, send)
        return
    body = await app._read_request_body(receive, scope["method"], {})
    try:
        answer = handle(json.loads(body or b"{}"))
    except (KeyError, ValueError, TypeError) as wrong:
        answer = error_response_json("ValidationException", f"{type(wrong).__name__}: {wrong}", 400)
    await app._send_response(send, *answer)


@PATCH.adds(route("/_local/load"))
def _load(_: Record) -> Answer:
    kept = sum(len(events) for events in eventbridge._events_log.all_values())
    return json_response({"threads": threading.active_count(), "keptEvents": kept, "waitingInvocations": waiting()})
