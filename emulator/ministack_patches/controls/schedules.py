"""Rules with a schedule do not fire while they are paused.

AWS: none: a control for tests, which call by themselves what the clock would call in their midst
Test: test_schedules.py: test_a_rule_with_a_schedule_fires_when_it_is_due_and_not_while_schedules_are_paused

`POST /_local/schedules {"paused": true}` pauses the schedules of all rules, `{"paused": false}` lets
them go on: what has become due meanwhile fires at the next look, once. An empty request only reads.
All answer `{paused}`.
"""

from __future__ import annotations

from ministack.core.responses import json_response

from ..patch import Patch
from ..shapes import Answer, Original, Record
from .routes import route

_PAUSED = {"paused": False}

PATCH = Patch(__name__)


@PATCH.wraps("ministack.services.eventbridge._tick_scheduled_rules", digest="04fc1308")
def _tick_unless_paused(tick: Original) -> None:
    if not _PAUSED["paused"]:
        tick()


@PATCH.adds(route("/_local/schedules"))
def _schedules(request: Record) -> Answer:
    if "paused" in request:
        _PAUSED["paused"] = bool(request["paused"])
    return json_response(_PAUSED)
