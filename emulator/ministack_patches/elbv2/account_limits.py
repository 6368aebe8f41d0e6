"""Elastic Load Balancing tells the limits of the account.

AWS: "DescribeAccountLimits" (Elastic Load Balancing API Reference)
Test: preflight.test.ts: Elastic Load Balancing tells how many rules a load balancer may have

The emulator enforces none, so each has a value that nothing reaches.
"""

from __future__ import annotations

from ministack.services import alb

from ..patch import Patch
from ..shapes import Answer, Params

PATCH = Patch(__name__)

_ENOUGH = 1_000_000
_NAMES = (
    "listeners-per-application-load-balancer",
    "rules-per-application-load-balancer",
    "target-groups",
    "targets-per-application-load-balancer",
)


@PATCH.adds("ministack.services.alb._ACTION_MAP[DescribeAccountLimits]")
def _describe_limits(_: Params) -> Answer:
    limits = "".join(f"<member><Name>{name}</Name><Max>{_ENOUGH}</Max></member>" for name in _NAMES)
    answer: Answer = alb._xml(200, "DescribeAccountLimits", f"<Limits>{limits}</Limits>")
    return answer
