"""Two rules of a listener cannot have one priority, and a forward action says all of its target groups.

AWS: "CreateRule" and "SetRulePriorities" (Elastic Load Balancing API Reference, 2015-12-01): PriorityInUse; a new order is
judged as a whole, so that rules can trade places. "ForwardActionConfig": up to five target groups with weights; a forward
to one group is described both ways, by TargetGroupArn and as a configuration with one group. Requests are spread over the
groups by weight.

MiniStack takes any priority twice, and loses a configuration of more than one group.
"""

from __future__ import annotations

import random
from typing import Any

from ministack.services import alb
from ministack.services.cloudformation import provisioners


def apply() -> None:
    create, set_priorities, parse = alb._create_rule, alb._set_rule_priorities, alb._parse_actions
    xml, execute, from_template = alb._action_xml, alb._execute_action, provisioners._elbv2_listener_actions
    assert alb._ACTION_MAP["CreateRule"] is create and alb._ACTION_MAP["SetRulePriorities"] is set_priorities
    assert parse.__code__.co_varnames[:2] == ("params", "prefix"), "_parse_actions takes other arguments now"
    assert execute.__code__.co_varnames[:1] == ("action",), "_execute_action takes other arguments now"

    def create_rule(params):
        listener, priority = alb._p(params, "ListenerArn"), alb._p(params, "Priority", "1")
        if not priority.isdigit() or not 1 <= int(priority) <= 50_000:
            return alb._error("ValidationError", f"Priority '{priority}' must be between 1 and 50000")
        if priority in _priorities(listener).values():
            return _in_use(priority)
        return create(params)

    def set_rule_priorities(params):
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

    def parse_actions(params, prefix="DefaultActions"):
        actions = parse(params, prefix)
        for number, action in enumerate(actions, start=1):
            if action["Type"] == "forward":
                _complete(action, _groups(params, f"{prefix}.member.{number}.ForwardConfig.TargetGroups.member"))
        return actions

    def actions_of_template(props, lb_arn, prop="DefaultActions"):
        actions = from_template(props, lb_arn, prop)
        for action, given in zip(actions, props.get(prop) or []):
            if action["Type"] == "forward":
                _complete(action, (given.get("ForwardConfig") or {}).get("TargetGroups") or [])
        return actions

    def action_xml(action):
        groups = "".join(
            f"<member><TargetGroupArn>{group['TargetGroupArn']}</TargetGroupArn><Weight>{group['Weight']}</Weight></member>"
            for group in action.get("ForwardConfig", {}).get("TargetGroups", [])
        )
        if not groups:
            return xml(action)
        sticky = "<TargetGroupStickinessConfig><Enabled>false</Enabled></TargetGroupStickinessConfig>"
        config = f"<ForwardConfig><TargetGroups>{groups}</TargetGroups>{sticky}</ForwardConfig>"
        return xml(action).replace("</member>", f"{config}</member>")

    async def execute_action(action, *args, **kwargs):
        return await execute(_chosen(action), *args, **kwargs)

    alb._create_rule = alb._ACTION_MAP["CreateRule"] = create_rule
    alb._set_rule_priorities = alb._ACTION_MAP["SetRulePriorities"] = set_rule_priorities
    alb._parse_actions, alb._action_xml, alb._execute_action = parse_actions, action_xml, execute_action
    provisioners._elbv2_listener_actions = actions_of_template


def _priorities(listener_arn: str) -> dict[str, str]:
    return {rule["RuleArn"]: rule["Priority"] for rule in alb._rules.values() if rule["ListenerArn"] == listener_arn}


def _in_use(priority: str) -> tuple:
    return alb._error("PriorityInUse", f"Priority '{priority}' is currently in use")


def _groups(params: dict, prefix: str) -> list[dict[str, Any]]:
    groups, number = [], 1
    while arn := alb._p(params, f"{prefix}.{number}.TargetGroupArn"):
        groups.append({"TargetGroupArn": arn, "Weight": alb._p(params, f"{prefix}.{number}.Weight", "1")})
        number += 1
    return groups


def _complete(action: dict, groups: list[dict[str, Any]]) -> None:
    groups = groups or [{"TargetGroupArn": action.get("TargetGroupArn", "")}]
    groups = [{"TargetGroupArn": group["TargetGroupArn"], "Weight": int(group.get("Weight", 1))} for group in groups]
    action["ForwardConfig"] = {"TargetGroups": groups}
    action.pop("TargetGroupArn", None)
    if len(groups) == 1:
        action["TargetGroupArn"] = groups[0]["TargetGroupArn"]


def _chosen(action: dict) -> dict:
    groups = action.get("ForwardConfig", {}).get("TargetGroups", [])
    if len(groups) < 2:
        return action
    weights = [group["Weight"] for group in groups]
    one = random.choices(groups, weights)[0] if any(weights) else groups[0]
    return {**action, "TargetGroupArn": one["TargetGroupArn"]}
