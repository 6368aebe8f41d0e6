"""Two rules of a listener cannot have one priority, and a forward action tells all of its target groups.

AWS: "CreateRule" (Elastic Load Balancing API Reference, 2015-12-01)
AWS: "SetRulePriorities" (Elastic Load Balancing API Reference, 2015-12-01)
AWS: "ForwardActionConfig" (Elastic Load Balancing API Reference, 2015-12-01)
Test: load-balancer.test.ts: a priority can be taken once; rules swap priorities in one request
Test: load-balancer.test.ts: a forward action lists all of its target groups, and distributes requests by weight
Test: load-balancer.test.ts: a rule of a template can forward to several target groups, too
Test: load-balancer.test.ts: a forward action tells whether it keeps visitors at a target group

A priority that is taken is refused with PriorityInUse. A new order is judged as a whole, so that
rules can trade places. A forward has up to five target groups with weights. A forward to one group
is described both ways, by TargetGroupArn and as a configuration with one group. The load balancer
(balancers.py) spreads requests over the groups by weight. Whether a forward keeps visitors at a group
is told, and nothing more: each request goes by weight. MiniStack takes any priority twice, and loses a
configuration of more than one group.
"""

from __future__ import annotations

from ministack.services import alb

from ..patch import Patch
from ..shapes import Answer, Original, Params, Record

_ALB = "ministack.services.alb"

PATCH = Patch(__name__, after=["elbv2.fixed_responses"])


@PATCH.wraps(f"{_ALB}._create_rule", f"{_ALB}._ACTION_MAP[CreateRule]", digest="96af2156")
def _create_rule(create: Original, params: Params) -> Answer:
    listener, priority = alb._p(params, "ListenerArn"), alb._p(params, "Priority", "1")
    if not priority.isdigit() or not 1 <= int(priority) <= 50_000:
        return alb._error("ValidationError", f"Priority '{priority}' must be between 1 and 50000")
    if priority in _priorities(listener).values():
        return _in_use(priority)
    return create(params)


@PATCH.wraps(f"{_ALB}._set_rule_priorities", f"{_ALB}._ACTION_MAP[SetRulePriorities]", digest="e4f767e0")
def _set_rule_priorities(set_priorities: Original, params: Params) -> Answer:
    wanted, number = {}, 1
    while arn := alb._p(params, f"RulePriorities.member.{number}.RuleArn"):
        wanted[arn] = alb._p(params, f"RulePriorities.member.{number}.Priority")
        number += 1
    for listener in {alb._rules[arn]["ListenerArn"] for arn in wanted if arn in alb._rules}:
        after = list({**_priorities(listener), **wanted}.values())
        taken = next((priority for priority in wanted.values() if after.count(priority) > 1), None)
        if taken:
            return _in_use(taken)
    return set_priorities(params)


@PATCH.wraps(f"{_ALB}._parse_actions", digest="ab2648dd")
def _parse_actions(parse: Original, params: Params, prefix: str = "DefaultActions") -> list[Record]:
    actions: list[Record] = parse(params, prefix)
    for number, action in enumerate(actions, start=1):
        if action["Type"] == "forward":
            config = f"{prefix}.member.{number}.ForwardConfig"
            _complete(action, _groups(params, f"{config}.TargetGroups.member"))
            sticky = f"{config}.TargetGroupStickinessConfig"
            if alb._p(params, f"{sticky}.Enabled") == "true":
                action["ForwardConfig"]["StickySeconds"] = int(alb._p(params, f"{sticky}.DurationSeconds", "0"))
    return actions


@PATCH.wraps("ministack.services.cloudformation.provisioners._elbv2_listener_actions", digest="503dcdd3")
def _actions_of_template(parse: Original, props: Record, lb_arn: str, prop: str = "DefaultActions") -> list[Record]:
    actions: list[Record] = parse(props, lb_arn, prop)
    for action, given in zip(actions, props.get(prop) or [], strict=False):
        if action["Type"] == "forward":
            _complete(action, (given.get("ForwardConfig") or {}).get("TargetGroups") or [])
    return actions


@PATCH.wraps(f"{_ALB}._action_xml", digest="27aaeacf")
def _action_xml(xml: Original, action: Record) -> str:
    groups = "".join(
        f"<member><TargetGroupArn>{group['TargetGroupArn']}</TargetGroupArn><Weight>{group['Weight']}</Weight></member>"
        for group in action.get("ForwardConfig", {}).get("TargetGroups", [])
    )
    text: str = xml(action)
    if not groups:
        return text
    seconds = action["ForwardConfig"].get("StickySeconds")
    enabled = f"true</Enabled><DurationSeconds>{seconds}</DurationSeconds>" if seconds else "false</Enabled>"
    sticky = f"<TargetGroupStickinessConfig><Enabled>{enabled}</TargetGroupStickinessConfig>"
    config = f"<ForwardConfig><TargetGroups>{groups}</TargetGroups>{sticky}</ForwardConfig>"
    return text.replace("</member>", f"{config}</member>")


def _priorities(listener_arn: str) -> dict[str, str]:
    return {rule["RuleArn"]: rule["Priority"] for rule in alb._rules.values() if rule["ListenerArn"] == listener_arn}


def _in_use(priority: str) -> Answer:
    return alb._error("PriorityInUse", f"Priority '{priority}' is currently in use")


def _groups(params: Params, prefix: str) -> list[Record]:
    groups: list[Record] = []
    number = 1
    while arn := alb._p(params, f"{prefix}.{number}.TargetGroupArn"):
        groups.append({"TargetGroupArn": arn, "Weight": alb._p(params, f"{prefix}.{number}.Weight", "1")})
        number += 1
    return groups


def _complete(action: Record, groups: list[Record]) -> None:
    groups = groups or [{"TargetGroupArn": action.get("TargetGroupArn", "")}]
    groups = [{"TargetGroupArn": group["TargetGroupArn"], "Weight": int(group.get("Weight", 1))} for group in groups]
    action["ForwardConfig"] = {"TargetGroups": groups}
    action.pop("TargetGroupArn", None)
    if len(groups) == 1:
        action["TargetGroupArn"] = groups[0]["TargetGroupArn"]
