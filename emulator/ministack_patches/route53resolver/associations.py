"""Route 53 Resolver forwards, logs and filters what the hosts of a VPC ask for, by what is associated with it.

AWS: "CreateResolverRule" (Amazon Route 53 API Reference)
AWS: "AssociateResolverRule" (Amazon Route 53 API Reference)
AWS: "ListResolverRuleAssociations" (Amazon Route 53 API Reference)
AWS: "AssociateResolverQueryLogConfig" (Amazon Route 53 API Reference)
AWS: "AssociateFirewallRuleGroup" (Amazon Route 53 API Reference)
AWS: "Rules that Resolver creates for you" (Amazon Route 53 Developer Guide)
Test: hosted-zones.test.ts: what Resolver has associated with a VPC is listed by the VPC

Each VPC has the rule of AWS for names of the internet. What is associated is complete at once, and
what is taken away is gone at once. No question is forwarded, logged or refused: only what is set up
is kept. MiniStack has no Resolver.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ministack.core.responses import get_account_id, get_region, new_uuid
from ministack.services import ec2

from ..further_services import Handler, Refused, serve
from ..patch import Patch
from ..shapes import Record

PATCH = Patch(__name__)

PATCH.adds("ministack.core.iam_actions.SERVICE_TO_IAM_NAMESPACE[route53resolver]")("route53resolver")

# Kind, as ids have it -> id -> what was made.
_made: dict[str, dict[str, Record]] = {}


def _of(kind: str) -> dict[str, Record]:
    return _made.setdefault(f"{get_region()}:{get_account_id()}:{kind}", {})


def _create(kind: str, answers: str, fields: Callable[[Record], Record]) -> Handler:
    def create(request: Record, headers: dict[str, str]) -> Record:
        created = {**fields(request), "Id": f"{kind}-{new_uuid().replace('-', '')[:16]}", "Status": "COMPLETE"}
        created["Arn"] = f"arn:aws:route53resolver:{get_region()}:{get_account_id()}:{kind}/{created['Id']}"
        _of(kind)[created["Id"]] = created
        return {answers: created}

    return create


def _remove(kind: str, answers: str, is_meant: Callable[[Record, Record], bool]) -> Handler:
    def remove(request: Record, headers: dict[str, str]) -> Record:
        meant = next((each for each in _of(kind).values() if is_meant(each, request)), None)
        if meant is None:
            raise Refused("ResourceNotFoundException", f"no {kind} is like {request}")
        del _of(kind)[meant["Id"]]
        return {answers: {**meant, "Status": "DELETING"}}

    return remove


def _required(kind: str, request: Record, name: str) -> Any:
    if request[name] not in _of(kind):
        raise Refused("ResourceNotFoundException", f"{name} {request[name]} does not exist")
    return request[name]


def _given(*names: str) -> Callable[[Record], Record]:
    return lambda request: {name: request[name] for name in names if name in request}


def _by_id(name: str) -> Callable[[Record, Record], bool]:
    return lambda each, request: bool(each["Id"] == request[name])


def _rule_association(request: Record) -> Record:
    _required("rslvr-rr", request, "ResolverRuleId")
    return _given("ResolverRuleId", "Name", "VPCId")(request)


def _log_association(request: Record) -> Record:
    _required("rqlc", request, "ResolverQueryLogConfigId")
    return _given("ResolverQueryLogConfigId", "ResourceId")(request)


def _firewall_association(request: Record) -> Record:
    _required("rslvr-frg", request, "FirewallRuleGroupId")
    return _given("FirewallRuleGroupId", "VpcId", "Name", "Priority")(request)


def _aws_own() -> list[Record]:
    return [
        {
            "Id": f"rslvr-autodefined-assoc-{vpc_id}-internet-resolver",
            "ResolverRuleId": "rslvr-autodefined-rr-internet-resolver",
            "Name": "System Rule Association",
            "VPCId": vpc_id,
            "Status": "COMPLETE",
        }
        for vpc_id in ec2._vpcs
    ]


def _filtered(found: list[Record], request: Record) -> list[Record]:
    return [
        each
        for each in found
        if all(each.get(wanted["Name"]) in wanted["Values"] for wanted in request.get("Filters", []))
    ]


def _list_rules(request: Record, headers: dict[str, str]) -> Record:
    return {"ResolverRuleAssociations": _filtered([*_aws_own(), *_of("rslvr-rrassoc").values()], request)}


def _list_logs(request: Record, headers: dict[str, str]) -> Record:
    return {"ResolverQueryLogConfigAssociations": _filtered(list(_of("rqlca").values()), request)}


def _list_firewalls(request: Record, headers: dict[str, str]) -> Record:
    wanted = request.get("VpcId")
    found = [each for each in _of("rslvr-frgassoc").values() if wanted in (None, each["VpcId"])]
    return {"FirewallRuleGroupAssociations": found}


serve(
    PATCH,
    "route53resolver",
    "Route53Resolver",
    {
        "CreateResolverRule": _create(
            "rslvr-rr", "ResolverRule", _given("Name", "RuleType", "DomainName", "TargetIps", "ResolverEndpointId")
        ),
        "DeleteResolverRule": _remove("rslvr-rr", "ResolverRule", _by_id("ResolverRuleId")),
        "AssociateResolverRule": _create("rslvr-rrassoc", "ResolverRuleAssociation", _rule_association),
        "DisassociateResolverRule": _remove(
            "rslvr-rrassoc",
            "ResolverRuleAssociation",
            lambda each, request: bool(
                each["ResolverRuleId"] == request["ResolverRuleId"] and each["VPCId"] == request["VPCId"]
            ),
        ),
        "ListResolverRuleAssociations": _list_rules,
        "CreateResolverQueryLogConfig": _create("rqlc", "ResolverQueryLogConfig", _given("Name", "DestinationArn")),
        "DeleteResolverQueryLogConfig": _remove("rqlc", "ResolverQueryLogConfig", _by_id("ResolverQueryLogConfigId")),
        "AssociateResolverQueryLogConfig": _create("rqlca", "ResolverQueryLogConfigAssociation", _log_association),
        "DisassociateResolverQueryLogConfig": _remove(
            "rqlca",
            "ResolverQueryLogConfigAssociation",
            lambda each, request: bool(each["ResourceId"] == request["ResourceId"]),
        ),
        "ListResolverQueryLogConfigAssociations": _list_logs,
        "CreateFirewallRuleGroup": _create("rslvr-frg", "FirewallRuleGroup", _given("Name")),
        "DeleteFirewallRuleGroup": _remove("rslvr-frg", "FirewallRuleGroup", _by_id("FirewallRuleGroupId")),
        "AssociateFirewallRuleGroup": _create("rslvr-frgassoc", "FirewallRuleGroupAssociation", _firewall_association),
        "DisassociateFirewallRuleGroup": _remove(
            "rslvr-frgassoc", "FirewallRuleGroupAssociation", _by_id("FirewallRuleGroupAssociationId")
        ),
        "ListFirewallRuleGroupAssociations": _list_firewalls,
    },
)
