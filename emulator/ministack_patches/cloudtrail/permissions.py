"""The event history of CloudTrail tells who was permitted to call a function, some minutes later.

AWS: "LookupEvents" (AWS CloudTrail API Reference)
AWS: "Viewing events with CloudTrail event history" (AWS CloudTrail User Guide)
AWS: "Logging AWS Lambda API calls using AWS CloudTrail" (AWS Lambda Developer Guide)
Test: functions.test.ts: the event history tells each permission to call a function, in pages

Events are there after 5 minutes on average. Lambda's event names end in the version of its API, as
`AddPermission20150331v2` does. MiniStack records nothing unless it is asked to, and then everything
under other names; it answers the newest 50 events alone. Only successful calls of AddPermission are
recorded here, those of CloudFormation among them.
"""

from __future__ import annotations

from typing import Any

from ministack.core.responses import get_region, new_uuid
from ministack.services import cloudtrail, lambda_svc

from ..patch import Patch
from ..patience import Past
from ..shapes import Answer, Original, Params, Record

_LEAST_SECONDS, _MOST_SECONDS = 60, 600
_PAGE = 50

_absent: Past[bool] = Past("cloudtrail.events")

PATCH = Patch(__name__)


@PATCH.wraps("ministack.services.lambda_svc._add_permission", digest="a02687d5")
def _record_addition(
    add: Original, name: str, data: Params, query: Params | None = None, path_qualifier: str | None = None
) -> Answer:
    answer: Answer = add(name, data, query, path_qualifier)
    if answer[0] == 201:
        qualifier = lambda_svc._qualifier_from_path_or_query(path_qualifier, query)
        asked = {key[0].lower() + key[1:]: value for key, value in data.items()}
        _keep({"functionName": name, **({"qualifier": qualifier} if qualifier else {}), **asked})
    return answer


def _keep(request: Record) -> None:
    cloudtrail.record_event(
        service="lambda",
        event_name="AddPermission20150331v2",
        username="",
        access_key_id="",
        resources=[],
        region=get_region(),
        request_id=new_uuid(),
        user_agent="",
        request_params=request,
        method="POST",
    )
    _absent.keep(cloudtrail._get_event_queue()[-1]["EventId"], True, _LEAST_SECONDS, _MOST_SECONDS)


def _has(event: Record, key: str, value: str) -> bool:
    if key in ("ResourceName", "ResourceType"):
        return any(each.get(key) == value for each in event["Resources"])
    return bool(event.get(key) == value)


@PATCH.replaces("ministack.services.cloudtrail._DISPATCH[LookupEvents]", digest="4a019bfd")
def _lookup(body: Record) -> Answer:
    wanted: list[Any] = body.get("LookupAttributes", [])
    if len(wanted) > 1:
        refusal: Answer = cloudtrail._err("InvalidLookupAttributesException", "Only one attribute is supported.")
        return refusal
    node = _absent.a_node()
    since, until = float(body.get("StartTime", 0)), float(body.get("EndTime", "inf"))
    found = [
        event
        for event in reversed(cloudtrail._get_event_queue())
        if since <= event["EventTime"] <= until
        and all(_has(event, each["AttributeKey"], each["AttributeValue"]) for each in wanted)
        and not _absent.seen(event["EventId"], False, node)
    ]
    begin, size = int(body.get("NextToken", 0)), min(int(body.get("MaxResults", _PAGE)), _PAGE)
    more = {"NextToken": str(begin + size)} if begin + size < len(found) else {}
    answer: Answer = cloudtrail._ok({"Events": found[begin : begin + size], **more})
    return answer
