"""What a service measures is told in whole minutes, and some time after the minute is over.

AWS: "CloudWatch metrics for your Application Load Balancer" (User Guide for Application Load Balancers)
AWS: "Amazon ECS CloudWatch metrics" (Amazon ECS Developer Guide)
AWS: "GetMetricData" (Amazon CloudWatch API Reference)
Test: load-balancer.test.ts: the load balancer counts requests, failures and times of each target group by itself
Test: load-balancer.test.ts: a minute is told when it is over, and some time later

A service sends one value a minute, under the time at which the minute begins. What did not happen has no value: a
metric without requests is missing, and not 0. In the field a minute is complete after two more. With
AWS_PATIENCE=0 also the minute under way is told at once. MiniStack measures nothing of its load balancers and tasks.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ministack.services import cloudwatch

from .. import patience
from ..patch import Patch
from ..shapes import Original

_CLOUDWATCH = "ministack.services.cloudwatch"
_MINUTE = 60
_SETTLED_SECONDS = 120

Metric = tuple[str, str, tuple[tuple[str, str], ...]]

# When the minute begins -> metric -> value -> how often it was measured.
_minutes: dict[int, dict[Metric, Counter[float]]] = {}
_guard = threading.Lock()
# What other processes have measured since they were asked last: minute, namespace, name, dimensions, value, count.
_sources: list[Callable[[], Iterable[tuple[int, str, str, Mapping[str, str], float, int]]]] = []

PATCH = Patch(__name__)


def measured(namespace: str, name: str, dimensions: Mapping[str, str], value: float = 1.0) -> None:
    """One measurement of this moment. Its minute is told later, to whoever asks in the same account and region."""
    _add(int(time.time() // _MINUTE) * _MINUTE, namespace, name, dimensions, value, 1)


def measured_elsewhere(source: Callable[[], Iterable[tuple[int, str, str, Mapping[str, str], float, int]]]) -> None:
    """@param source is asked before anybody is told of a metric, and tells each measurement once"""
    _sources.append(source)


def _add(minute: int, namespace: str, name: str, dimensions: Mapping[str, str], value: float, count: int) -> None:
    metric = (namespace, name, tuple(sorted(dimensions.items())))
    with _guard:
        _minutes.setdefault(minute, {}).setdefault(metric, Counter())[value] += count


def _tell() -> None:
    for source in _sources:
        for measurement in source():
            _add(*measurement)
    now = time.time()
    with _guard:
        due = [minute for minute in _minutes if now >= minute + _delay()]
        told = [(minute, _minutes.pop(minute)) for minute in due]
    for minute, metrics in told:
        for (namespace, name, dimensions), values in metrics.items():
            points = cloudwatch._metric_bucket((namespace, name, cloudwatch._dims_key(dict(dimensions))))
            points.extend(
                {"Timestamp": minute, "Value": value, "Count": count, "Unit": "None", "Dimensions": dict(dimensions)}
                for value, count in values.items()
            )


def _delay() -> float:
    """Seconds after the beginning of a minute."""
    if not patience.factor():
        return 0
    return _MINUTE + patience.factor() * _SETTLED_SECONDS


@PATCH.wraps(f"{_CLOUDWATCH}._get_metric_data", digest="8c6f3c1f")
def _get_metric_data(get: Original, *args: Any) -> Any:
    _tell()
    return get(*args)


@PATCH.wraps(f"{_CLOUDWATCH}._get_metric_statistics", digest="c1b594d5")
def _get_metric_statistics(get: Original, *args: Any) -> Any:
    _tell()
    return get(*args)


@PATCH.wraps(f"{_CLOUDWATCH}._list_metrics", digest="a69c5ec6")
def _list_metrics(list_metrics: Original, *args: Any) -> Any:
    _tell()
    return list_metrics(*args)


@PATCH.wraps(f"{_CLOUDWATCH}.reset", digest="5ece9926")
def _reset(reset: Original) -> None:
    reset()
    with _guard:
        _minutes.clear()
