"""A change of a hosted zone is refused where Route 53 refuses it, and reaches the name servers after a while.

AWS: "ChangeResourceRecordSets" (Amazon Route 53 API Reference)
AWS: "GetChange" (Amazon Route 53 API Reference)
AWS: "Quotas" (Amazon Route 53 Developer Guide)
Test: hosted-zones.test.ts: a batch with one invalid change makes no change: an existing record, a CNAME beside others, a name of another zone
Test: hosted-zones.test.ts: a change stays PENDING until all name servers know it, and its name resolves only then
Test: hosted-zones.test.ts: more than five requests per second are refused, and so is a change while the last one is not finished

A record must be inside its zone, and a CNAME must stand alone. A change is PENDING for up to a
minute and then INSYNC. An account may send five requests a second. A change that arrives while
Route 53 works on the last one of the same zone is refused with PriorRequestNotComplete. MiniStack
accepts any name and any neighbour of a CNAME, and calls a change INSYNC when it has been asked for
once.
"""

from __future__ import annotations

import time
from collections import deque
from typing import Any

from ministack.services import route53

from .. import patience
from ..patch import Patch
from ..shapes import Answer, Original, Record

_ROUTE53 = "ministack.services.route53"
REQUESTS_A_SECOND = 5
# AWS's seconds: "generally within 60 seconds"; how long Route 53 works on one batch is not documented.
PROPAGATION = (20.0, 60.0)
WORK = (0.05, 0.2)

PATCH = Patch(__name__)

# By zone, name and type: when all name servers know a record. By change: when it is INSYNC. By zone: busy until then.
_known_at: dict[tuple[str, str, str], float] = {}
_insync_at: dict[str, float] = {}
_busy_until: dict[str, float] = {}
_asked: deque[float] = deque(maxlen=REQUESTS_A_SECOND)


def _finish() -> None:
    """Every change is INSYNC, and the quota of requests is whole again."""
    for waits in (_known_at, _insync_at, _busy_until, _asked):
        waits.clear()


patience.when_settled(_finish)


def is_known(zone_id: str, record: Record) -> bool:
    """Whether name servers answer with this record already."""
    return _known_at.get((zone_id, record["Name"], record["Type"]), 0.0) <= time.monotonic()


@PATCH.wraps(f"{_ROUTE53}._change_resource_record_sets", digest="7f1952a6")
def _change(change: Original, zone_id: str, body: bytes) -> Answer:
    if _busy_until.get(zone_id, 0.0) > time.monotonic():
        return _refused("PriorRequestNotComplete", "Route 53 is still working on a prior request")
    records = _records_in(body)
    problem = _problem(zone_id, records)
    if problem:
        return _refused("InvalidChangeBatch", f"[{problem}]")
    answer: Answer = change(zone_id, body)
    if answer[0] == 200:
        now = time.monotonic()
        known = now + patience.seconds(*PROPAGATION, "route53", zone_id)
        _busy_until[zone_id] = now + patience.seconds(*WORK, "route53 works on", zone_id)
        _insync_at[list(route53._changes)[-1]] = known
        for _, record in records:
            _known_at[(zone_id, record["Name"], record["Type"])] = known
    return answer


@PATCH.wraps(f"{_ROUTE53}._get_change", digest="8e4cced6")
def _get_change(get: Original, change_id: str) -> Answer:
    change = route53._changes.get(change_id)
    if change:
        change["status"] = "PENDING" if _insync_at.get(change_id, 0.0) > time.monotonic() else "INSYNC"
    return get(change_id)


@PATCH.wraps(f"{_ROUTE53}.handle_request", digest="eddf5e5a")
async def _handle_request(handle: Original, *request: Any) -> Answer:
    if patience.factor():
        now = time.monotonic()
        if len(_asked) == REQUESTS_A_SECOND and now - _asked[0] < patience.factor():
            return _refused("Throttling", "Rate exceeded")
        _asked.append(now)
    answer: Answer = await handle(*request)
    return answer


def _refused(code: str, message: str) -> Answer:
    answer: Answer = route53._error_response(code, message, 400)
    return answer


def _records_in(body: bytes) -> list[tuple[str, Record]]:
    """Action and record of each change of a batch; none of a batch that cannot be read, which MiniStack refuses."""
    root = route53._parse_body(body)
    batch = route53._find(root, "ChangeBatch") if root is not None else None
    changes = route53._find(batch, "Changes") if batch is not None else None
    if changes is None:
        return []
    return [
        (route53._text(change, "Action"), route53._parse_record_set(record))
        for change in route53._findall(changes, "Change")
        if (record := route53._find(change, "ResourceRecordSet")) is not None
    ]


def _problem(zone_id: str, records: list[tuple[str, Record]]) -> str | None:
    zone = route53._zones.get(zone_id)
    if zone is None:
        return None
    present = {(each["Name"], each["Type"]) for each in route53._records.get(zone_id, [])}
    for action, record in records:
        name, kind = record["Name"], record["Type"]
        if name != zone["name"] and not name.endswith(f".{zone['name']}"):
            return f"RRSet with DNS name {name} is not permitted in zone {zone['name']}"
        others = {other for at, other in present if at == name and other != kind}
        if action != "DELETE" and others and (kind == "CNAME" or "CNAME" in others):
            return f"RRSet of type {kind} with DNS name {name} is not permitted as a conflicting RRSet exists"
        if action == "DELETE":
            present.discard((name, kind))
        else:
            present.add((name, kind))
    return None
