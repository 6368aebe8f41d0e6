"""A request that is done, and whose caller never hears of it.

AWS: none: a control for tests, which rests on "Making retries safe with idempotent APIs" (Amazon Builders' Library)
Test: throttling.test.ts: a request can be done while its answer is lost

A connection may break after the effect. The caller cannot tell that from a request that was never done, and repeats it.

`POST /_local/answers {"service": "elasticloadbalancing", "action": "ModifyRule", "times": 4}` turns the next answers into
an internal failure. Service and action may have `*` in them.
"""

from __future__ import annotations

import fnmatch
import threading
from dataclasses import dataclass

from ministack.core.responses import json_response

from ..patch import Patch
from ..shapes import Answer, Original, Record
from ..throttling.requests import asked
from .routes import route

PATCH = Patch(__name__, after=["throttling.requests"])


@dataclass
class _Loss:
    service: str
    action: str
    times: int


_losses: list[_Loss] = []
_guard = threading.Lock()
_LOST: Answer = (
    500,
    {"Content-Type": "text/xml"},
    b"<ErrorResponse><Error><Type>Receiver</Type><Code>InternalFailure</Code><Message>lost</Message></Error></ErrorResponse>",
)


def _is_lost(service: str, action: str) -> bool:
    with _guard:
        for loss in _losses:
            matches = fnmatch.fnmatchcase(service, loss.service) and fnmatch.fnmatchcase(action, loss.action)
            if loss.times > 0 and matches:
                loss.times -= 1
                return True
    return False


@PATCH.wraps("ministack.app._dispatch_service_request", digest="532b4704")
async def _dispatch_and_lose(
    dispatch: Original, method: str, path: str, headers: Record, body: bytes, query_params: Record, request_id: str
) -> Answer:
    answer: Answer = await dispatch(method, path, headers, body, query_params, request_id)
    return _LOST if _losses and answer[0] < 300 and _is_lost(*asked(headers, body, query_params)) else answer


@PATCH.adds(route("/_local/answers"))
def _lose(request: Record) -> Answer:
    loss = _Loss(str(request["service"]), str(request["action"]), int(request["times"]))
    if loss.times <= 0:
        raise ValueError("some answers are lost")
    with _guard:
        _losses[:] = [each for each in _losses if each.times > 0] + [loss]
    return json_response({})


@PATCH.wraps("ministack.app._reset_all_state", digest="3806820b")
def _reset_also_losses(reset: Original) -> None:
    reset()
    with _guard:
        _losses.clear()
