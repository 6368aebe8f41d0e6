"""An event is delivered at least once, some time after it was put, and in no order.

AWS: "Amazon EventBridge event delivery" (Amazon EventBridge User Guide)
AWS: "Events from AWS services" (Amazon EventBridge User Guide)
Test: deliveries.test.ts: delivers events late, in any order, and sometimes twice
Test: deliveries.test.ts: loses or doubles an event on demand
Test: deliveries.test.ts: with patience 0 delivers each event once, in order

Half a second is usual, and some seconds are seen; one event in 100 comes twice. An AWS service's
event may be lost, as its delivery is best effort: no draw loses one here, because nothing but a sweep
would find out; `controls.stack_faults` and this control lose it for certain:

`POST /_local/deliveries {"source": "aws.states", "detailType": "*", "deliveries": 0, "times": 1}` lets the next
events of this source and detail-type, both with `*` if need be, be lost (0) or come twice (2).
"""

from __future__ import annotations

import asyncio
import contextvars
import fnmatch
import threading
from typing import Any

from ministack.core.responses import json_response
from ministack.services import eventbridge

from .. import patience
from ..controls.routes import route
from ..patch import Patch
from ..shapes import Answer, Original, Record

PATCH = Patch(__name__)

_TWICE = 1 / 100

_scripted: list[Record] = []


@PATCH.wraps("ministack.services.eventbridge._dispatch_event", digest="dc3a3c4d")
def _dispatch_in_time(dispatch: Original, event: Record, *args: Any, **kwargs: Any) -> None:
    about = ("event", event["Source"], event["DetailType"], *map(str, event.get("Resources", [])))
    deliveries = _scripted_deliveries(event)
    if deliveries is None:
        deliveries = 2 if patience.happens(_TWICE, "twice", *about) else 1
    for _ in range(deliveries):
        _after(patience.seconds(0.2, 3, *about), lambda: dispatch(event, *args, **kwargs))


def _scripted_deliveries(event: Record) -> int | None:
    for script in _scripted:
        if fnmatch.fnmatchcase(event["Source"], script["source"]) and fnmatch.fnmatchcase(
            event["DetailType"], script["detailType"]
        ):
            script["times"] -= 1
            if script["times"] <= 0:
                _scripted.remove(script)
            return int(script["deliveries"])
    return None


def _after(seconds: float, call: Any) -> None:
    if seconds <= 0:
        call()
        return
    context = contextvars.copy_context()

    def deliver() -> None:
        try:
            context.run(call)
        except Exception:
            eventbridge.logger.warning("a late event was not delivered", exc_info=True)

    try:
        asyncio.get_running_loop().call_later(seconds, deliver)
    except RuntimeError:
        timer = threading.Timer(seconds, deliver)
        timer.daemon = True
        timer.start()


@PATCH.adds(route("/_local/deliveries"))
def _script(request: Record) -> Answer:
    if int(request["deliveries"]) not in (0, 2):
        raise ValueError("an event is lost (0) or comes twice (2)")
    _scripted.append({"times": 1, **request})
    return json_response({})


@PATCH.wraps("ministack.services.eventbridge.reset", digest="de3487a0")
def _reset_also_scripts(reset: Original) -> None:
    reset()
    _scripted.clear()
