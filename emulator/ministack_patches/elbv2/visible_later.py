"""Each node of a load balancer learns of a rule, and of its change or end, some seconds after the request.

AWS: "Listener rules for your Application Load Balancer" (User Guide for Application Load Balancers)
AWS: "How Elastic Load Balancing works" (Elastic Load Balancing User Guide)
Test: load-balancer.test.ts: T3: a rule that was made, changed or deleted takes effect after a delay, at each node apart

DescribeRules tells at once what was asked for. The nodes that serve requests, at least one a zone,
are told later, each in its own time: of two requests in a row, the second one may be served as if
the rule had not changed yet. In the field this takes some seconds
(kubernetes-sigs/aws-load-balancer-controller#1433). MiniStack serves from DescribeRules' answer.
"""

from __future__ import annotations

import re

from ministack.services import alb

from ..patch import Patch
from ..patience import Past
from ..shapes import Answer, Original, Params, Record

_ALB = "ministack.services.alb"
_LEAST_SECONDS, _MOST_SECONDS = 1, 15

# By the rule's ARN; None: the rule is not known yet. The nodes are in a process of their own (balancers.py).
late_rules: Past[Record | None] = Past("elbv2.rule")

PATCH = Patch(__name__, after=["elbv2.rules"])


@PATCH.wraps(f"{_ALB}._create_rule", f"{_ALB}._ACTION_MAP[CreateRule]", digest="96af2156")
def _create_late(create: Original, params: Params) -> Answer:
    answer: Answer = create(params)
    made = re.search(rb"<RuleArn>([^<]+)</RuleArn>", answer[2])
    if made:
        _keep(made[1].decode(), None)
    return answer


@PATCH.wraps(f"{_ALB}._modify_rule", f"{_ALB}._ACTION_MAP[ModifyRule]", digest="873c318b")
def _modify_late(modify: Original, params: Params) -> Answer:
    arn = alb._p(params, "RuleArn")
    former = _copied(arn)
    answer: Answer = modify(params)
    if former and _copied(arn) != former:
        _keep(arn, former)
    return answer


@PATCH.wraps(f"{_ALB}._delete_rule", f"{_ALB}._ACTION_MAP[DeleteRule]", digest="c3c66a28")
def _delete_late(delete: Original, params: Params) -> Answer:
    arn = alb._p(params, "RuleArn")
    former = _copied(arn)
    answer: Answer = delete(params)
    if former and arn not in alb._rules:
        _keep(arn, former)
    return answer


def _keep(arn: str, former: Record | None) -> None:
    late_rules.keep(arn, former, _LEAST_SECONDS, _MOST_SECONDS)


def _copied(arn: str) -> Record | None:
    return dict(alb._rules[arn]) if arn in alb._rules else None
