"""An archive takes a bus's events by a managed rule of that bus.

AWS: "Creating event archives in Amazon EventBridge" (Amazon EventBridge User Guide)
AWS: "Rule" (Amazon EventBridge API Reference)
Test: buses.test.ts: an archive of a bus is told by a managed rule of the bus, for as long as there is the archive

The rule leaves out what a replay sends. Its name, its pattern and who manages it are as moto's events model has them. MiniStack keeps archives beside the rules.
"""

from __future__ import annotations

import json
from typing import Any

from ministack.services import eventbridge

from ..patch import Patch
from ..shapes import Original, Record

_MANAGER = "prod.vhs.events.aws.internal"

PATCH = Patch(__name__)


def _rule_of(archive: Record) -> tuple[str, str]:
    return f"Events-Archive-{archive['ArchiveName']}", archive["EventSourceArn"].rpartition("/")[2]


@PATCH.wraps("ministack.services.eventbridge._create_archive", digest="be14a591")
def _with_rule(create: Original, request: Record) -> Any:
    answer = create(request)
    if answer[0] == 200:
        name, bus = _rule_of(request)
        taken = json.loads(request.get("EventPattern") or "{}")
        pattern = json.dumps({**taken, "replay-name": [{"exists": False}]})
        eventbridge._put_rule({"Name": name, "EventBusName": bus, "EventPattern": pattern})
        eventbridge._rules[eventbridge._rule_key(name, bus)]["ManagedBy"] = _MANAGER
    return answer


@PATCH.wraps("ministack.services.eventbridge._delete_archive", digest="648dd9d0")
def _without_rule(delete: Original, request: Record) -> Any:
    archive = eventbridge._archives.get(request.get("ArchiveName"))
    answer = delete(request)
    if answer[0] == 200 and archive:
        name, bus = _rule_of(archive)
        eventbridge._delete_rule({"Name": name, "EventBusName": bus})
    return answer
