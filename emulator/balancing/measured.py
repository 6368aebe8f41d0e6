"""What a load balancer counts of the requests of each target group.

AWS: "CloudWatch metrics for your Application Load Balancer" (User Guide for Application Load Balancers)

RequestCount, HTTPCode_Target_NXX_Count, TargetResponseTime (seconds, until the target begins its answer) and
TargetConnectionErrorCount, by load balancer and target group. An answer of the load balancer itself is none of a
target.
"""

from __future__ import annotations

import time
from collections import Counter

_MINUTE = 60

# Load balancer and target group, as CloudWatch names them.
_Dimensions = tuple[str, str]
# When the minute begins, metric, load balancer, target group, value, how often it was measured.
Measurement = tuple[int, str, str, str, float, int]


class Measured:
    def __init__(self) -> None:
        # When the minute begins -> dimensions -> metric and value -> how often.
        self._minutes: dict[int, dict[_Dimensions, Counter[tuple[str, float]]]] = {}
        self._dimensions: dict[tuple[str, str], _Dimensions] = {}

    def answered(self, load_balancer: str, group: str, status: int, seconds: float) -> None:
        """@param load_balancer, group ARNs; @param seconds until the target has begun its answer"""
        counts = self._counts(load_balancer, group)
        counts["RequestCount", 1.0] += 1
        counts[f"HTTPCode_Target_{status // 100}XX_Count", 1.0] += 1
        counts["TargetResponseTime", round(seconds, 3)] += 1

    def unanswered(self, load_balancer: str, group: str, connected: bool) -> None:
        counts = self._counts(load_balancer, group)
        counts["RequestCount", 1.0] += 1
        if not connected:
            counts["TargetConnectionErrorCount", 1.0] += 1

    def taken(self) -> list[Measurement]:
        """What was counted since the last time."""
        minutes, self._minutes = self._minutes, {}
        return [
            (minute, name, *dimensions, value, count)
            for minute, measured in minutes.items()
            for dimensions, counts in measured.items()
            for (name, value), count in counts.items()
        ]

    def _counts(self, load_balancer: str, group: str) -> Counter[tuple[str, float]]:
        arns = load_balancer, group
        minute = int(time.time() // _MINUTE) * _MINUTE
        dimensions = self._dimensions.get(arns)
        if not dimensions:
            dimensions = load_balancer.partition(":loadbalancer/")[2], group.rpartition(":")[2]
            self._dimensions[arns] = dimensions
        measured = self._minutes.get(minute)
        if measured is None:
            measured = self._minutes[minute] = {}
        counts = measured.get(dimensions)
        if counts is None:
            counts = measured[dimensions] = Counter()
        return counts
