"""RDS tells a topic of the events of its instances.

AWS: "CreateEventSubscription" (Amazon RDS API Reference)
AWS: "DescribeEventSubscriptions" (Amazon RDS API Reference)
AWS: "DeleteEventSubscription" (Amazon RDS API Reference)
Test: copies.test.ts: a subscription of a database’s events is listed with its topic, until it is deleted

Only what the requests say is kept: no event is sent. MiniStack knows none of these requests.
"""

from __future__ import annotations

from xml.sax.saxutils import escape

from ministack.core.responses import AccountRegionScopedDict
from ministack.services import rds

from ..patch import Patch
from ..shapes import Answer, Params, Record

_ACTIONS = "ministack.services.rds._ACTION_MAP"

PATCH = Patch(__name__)

_subscriptions: AccountRegionScopedDict = AccountRegionScopedDict()


def _fields(subscription: Record) -> str:
    plain = "".join(
        f"<{name}>{escape(value)}</{name}>" for name, value in subscription.items() if isinstance(value, str)
    )
    ids = "".join(f"<SourceId>{escape(each)}</SourceId>" for each in subscription["SourceIds"])
    return f"{plain}<SourceIdsList>{ids}</SourceIdsList>"


def _answer(action: str, inner: str) -> Answer:
    answer: Answer = rds._xml(200, f"{action}Response", f"<{action}Result>{inner}</{action}Result>")
    return answer


@PATCH.adds(f"{_ACTIONS}[CreateEventSubscription]")
def _create(params: Params) -> Answer:
    name = rds._p(params, "SubscriptionName")
    ids: list[str] = []
    while source := rds._p(params, f"SourceIds.SourceId.{len(ids) + 1}"):
        ids.append(source)
    made = {
        "CustSubscriptionId": name,
        "SnsTopicArn": rds._p(params, "SnsTopicArn"),
        "SourceType": rds._p(params, "SourceType"),
        "Status": "active",
        "Enabled": "true",
        "SourceIds": ids,
    }
    _subscriptions[name] = made
    return _answer("CreateEventSubscription", f"<EventSubscription>{_fields(made)}</EventSubscription>")


@PATCH.adds(f"{_ACTIONS}[DeleteEventSubscription]")
def _delete(params: Params) -> Answer:
    name = rds._p(params, "SubscriptionName")
    gone = _subscriptions.pop(name, None)
    if gone is None:
        not_found: Answer = rds._error("SubscriptionNotFound", f"Subscription {name} not found.", 404)
        return not_found
    return _answer("DeleteEventSubscription", f"<EventSubscription>{_fields(gone)}</EventSubscription>")


@PATCH.adds(f"{_ACTIONS}[DescribeEventSubscriptions]")
def _describe(params: Params) -> Answer:
    members = "".join(f"<EventSubscription>{_fields(each)}</EventSubscription>" for each in _subscriptions.values())
    return _answer("DescribeEventSubscriptions", f"<EventSubscriptionsList>{members}</EventSubscriptionsList>")
