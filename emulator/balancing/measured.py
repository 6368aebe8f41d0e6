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

# Name, load balancer, target group.
_Metric = tuple[str, str, str]
# When the minute begins, metric, value, how often it was measured.
Measurement = tuple[int, str, str, str, float, int]


class Measured:
    def __init__(self) -> None:
        self._minutes: dict[int, dict[_Metric, Counter[float]]] = {}

    def count(self, name: str, load_balancer: str, group: str, value: float = 1.0) -> None:
        """@param load_balancer, group ARNs"""
        minute = int(time.time() // _MINUTE) * _MINUTE
        metric = name, load_balancer.partition(":loadbalancer/")[2], group.rpartition(":")[2]
        self._minutes.setdefault(minute, {}).setdefault(metric, Counter())[value] += 1

    def taken(self) -> list[Measurement]:
        """What was counted since the last time."""
        minutes, self._minutes = self._minutes, {}
        return [
            (minute, *metric, value, count)
            for minute, metrics in minutes.items()
            for metric, values in metrics.items()
            for value, count in values.items()
        ]
