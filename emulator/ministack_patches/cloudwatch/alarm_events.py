"""The change of an alarm's state is an event on the default bus.

AWS: "Alarm events and EventBridge" (Amazon CloudWatch User Guide)
Test: load-balancer.test.ts: a change of state is an event of the alarm, also of a composite one

Source `aws.cloudwatch`, detail-type `CloudWatch Alarm State Change`. The alarm's ARN is in `resources`; the
detail has its name, its configuration, and the former and the present state. An alarm that is set to the state
that it has sends none.
"""

from __future__ import annotations

import json
import logging
import time
from typing import Any

from ministack.services import cloudwatch, eventbridge

from ..patch import Patch
from ..shapes import Original, Record

logger = logging.getLogger("patches")

PATCH = Patch(__name__, after=["cloudwatch.alarm_states"])


@PATCH.wraps("ministack.services.cloudwatch._record_history", digest="286ad2f5")
def _record_history(record: Original, name: str, old: str, new: str, reason: str, *args: Any, **kwargs: Any) -> None:
    record(name, old, new, reason, *args, **kwargs)
    alarm = cloudwatch._alarms.get(name) or cloudwatch._composite_alarms.get(name)
    if alarm is None or old == new:
        return
    entry = {
        "Source": "aws.cloudwatch",
        "DetailType": "CloudWatch Alarm State Change",
        "Detail": json.dumps(_detail(alarm, old, new, reason)),
        "Resources": [alarm["AlarmArn"]],
    }
    try:
        eventbridge._put_events({"Entries": [entry]}, allow_aws_source=True)
    except Exception:
        logger.warning("event of alarm %s was not published", name, exc_info=True)


def _detail(alarm: Record, old: str, new: str, reason: str) -> Record:
    return {
        "alarmName": alarm["AlarmName"],
        "configuration": _configuration(alarm),
        "previousState": {"value": old},
        "state": {
            "value": new,
            "reason": reason,
            "timestamp": time.strftime("%Y-%m-%dT%H:%M:%S.000+0000", time.gmtime()),
        },
    }


def _configuration(alarm: Record) -> Record:
    description = {"description": alarm["AlarmDescription"]} if alarm.get("AlarmDescription") else {}
    if "AlarmRule" in alarm:
        return {**description, "alarmRule": alarm["AlarmRule"]}
    if not alarm.get("MetricName"):
        return {**description, "metrics": []}
    metric = {
        "namespace": alarm.get("Namespace"),
        "name": alarm["MetricName"],
        "dimensions": {each["Name"]: each["Value"] for each in alarm.get("Dimensions") or []},
    }
    stat = {"metric": metric, "period": alarm.get("Period"), "stat": alarm.get("Statistic")}
    return {**description, "metrics": [{"id": "m1", "metricStat": stat, "returnData": True}]}
