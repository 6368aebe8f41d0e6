"""A load balancer counts the requests of each target group, how they were answered, and how long that took.

AWS: "CloudWatch metrics for your Application Load Balancer" (User Guide for Application Load Balancers)
Test: load-balancer.test.ts: the load balancer counts requests, failures and times of each target group by itself

RequestCount, HTTPCode_Target_NXX_Count, TargetResponseTime (seconds, until the target begins its answer) and
TargetConnectionErrorCount, by load balancer and target group. An answer of the load balancer itself is none of a
target. MiniStack measures nothing.
"""

from __future__ import annotations

import time
from contextvars import ContextVar
from typing import Any

from ..cloudwatch.service_metrics import measured
from ..patch import Patch
from ..shapes import Answer, Original, Record

_NAMESPACE = "AWS/ApplicationELB"

_balancer: ContextVar[str] = ContextVar("load balancer of the request", default="")

PATCH = Patch(__name__, after=["ecs.targets", "elbv2.target_connections", "elbv2.visible_later"])


@PATCH.wraps("ministack.services.alb.dispatch_request", digest="bc6745c2")
async def _dispatch_by(dispatch: Original, balancer: Record, *args: Any, **kwargs: Any) -> Answer:
    _balancer.set(balancer["LoadBalancerArn"].partition(":loadbalancer/")[2])
    answer: Answer = await dispatch(balancer, *args, **kwargs)
    return answer


@PATCH.wraps("ministack.services.alb._proxy_http_target", digest="baeecced")
async def _proxy_counted(proxy: Original, target: Record, group: Record, *args: Any, **kwargs: Any) -> Answer:
    began = time.monotonic()
    answer: Answer = await proxy(target, group, *args, **kwargs)
    seconds = time.monotonic() - began
    dimensions = {"LoadBalancer": _balancer.get(), "TargetGroup": group["TargetGroupArn"].rpartition(":")[2]}
    measured(_NAMESPACE, "RequestCount", dimensions)
    if isinstance(answer[2], bytes):
        # The load balancer's own answer, and none of the target.
        if b" connect error: " in answer[2]:
            measured(_NAMESPACE, "TargetConnectionErrorCount", dimensions)
        return answer
    measured(_NAMESPACE, f"HTTPCode_Target_{answer[0] // 100}XX_Count", dimensions)
    measured(_NAMESPACE, "TargetResponseTime", dimensions, round(seconds, 3))
    return answer
