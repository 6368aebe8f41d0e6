"""CloudFormation makes an alarm on an expression over several metrics.

AWS: "PutMetricAlarm" (Amazon CloudWatch API Reference)
AWS: "AWS::CloudWatch::Alarm MetricDataQuery" (AWS CloudFormation Template Reference Guide)
Test: cloudformation.test.ts: makes an alarm on a metric expression, and refuses an expression that CloudWatch cannot evaluate

An alarm names one metric, or queries of which one returns data; an expression names other queries
by their ids. MiniStack refuses every alarm with queries. The expression is not evaluated: no
service here reports the metrics that it names.
"""

from __future__ import annotations

import re

from ..patch import Patch
from ..shapes import Original, Record

_RECORD = "ministack.services.cloudformation.provisioners._cw_metric_alarm_record"
_ID = re.compile(r"[a-z][a-zA-Z0-9_]{0,254}")
_NAME = re.compile(r"\b[a-z][a-zA-Z0-9_]*\b")
_OF_ONE_METRIC = ("MetricName", "Namespace", "Dimensions", "Period", "Statistic", "ExtendedStatistic", "Unit")
_MOST_QUERIES = 10

PATCH = Patch(__name__)


@PATCH.wraps(_RECORD, digest="dda9f52b")
def _record(record: Original, name: str, props: Record) -> Record:
    queries = props.get("Metrics")
    if not queries:
        alarm: Record = record(name, props)
        return alarm
    _require_one_form(props)
    _require_answerable(queries)
    settings = {key: value for key, value in props.items() if key != "Metrics"}
    made: Record = record(name, {**settings, "MetricName": "none", "Namespace": "none"})
    return {**{key: value for key, value in made.items() if key not in _OF_ONE_METRIC}, "Metrics": queries}


def _require_one_form(props: Record) -> None:
    both = [key for key in _OF_ONE_METRIC if props.get(key)]
    if both:
        raise ValueError(f"The parameters {', '.join(both)} cannot be used together with Metrics")


def _require_answerable(queries: list[Record]) -> None:
    ids = [str(query.get("Id")) for query in queries]
    if len(queries) > _MOST_QUERIES or len(set(ids)) < len(ids) or not all(map(_ID.fullmatch, ids)):
        raise ValueError(f"Metrics must be at most {_MOST_QUERIES} queries, each with an id of its own: {ids}")
    if sum(str(query.get("ReturnData", True)).lower() != "false" for query in queries) != 1:
        raise ValueError("Exactly one element of the metrics list should return data")
    for query in queries:
        expression = str(query.get("Expression", ""))
        unknown = [word for word in _NAME.findall(expression) if word not in ids]
        if unknown:
            raise ValueError(f"Unknown identifiers in the expression {expression}: {', '.join(unknown)}")
