"""Endpoints under /_local that AWS does not have: tests play with them what cannot be waited for or called for.

A patch adds one with `control(path, handle)`; the request's body is JSON, and a refusal is an answer like AWS's own.
They are reached on the emulator's own port, which is bound to loopback. `/_local/load` counts what must not grow with the work
that is done: the threads that run, the delivered events that are still kept, and the invocations that wait for a worker.
"""

from __future__ import annotations

import json
import threading
from typing import Any, Callable

from ministack import app
from ministack.core.responses import error_response_json, json_response
from ministack.services import eventbridge

from .lambda_concurrency import waiting

_controls: dict[str, Callable[[dict], tuple]] = {}


def apply() -> None:
    assert callable(app._read_request_body) and callable(app._send_response)
    control("/_local/load", _load)


def _load(_: dict) -> tuple:
    kept = sum(len(events) for events in eventbridge._events_log.all_values())
    return json_response({"threads": threading.active_count(), "keptEvents": kept, "waitingInvocations": waiting()})


def control(path: str, handle: Callable[[dict], tuple]) -> None:
    if not _controls:
        serve = app.app
        app.app = _before(serve)
    _controls[path] = handle


def _before(serve: Any) -> Any:
    async def dispatch(scope, receive, send):
        handle = _controls.get(scope["path"]) if scope["type"] == "http" else None
        if handle is None:
            await serve(scope, receive, send)
            return
        body = await app._read_request_body(receive, scope["method"], {})
        try:
            answer = handle(json.loads(body or b"{}"))
        except (KeyError, ValueError, TypeError) as wrong:
            answer = error_response_json("ValidationException", f"{type(wrong).__name__}: {wrong}", 400)
        await app._send_response(send, *answer)

    return dispatch
