"""EC2 answers a filtered description with what matches the filter, and tells all that is asked about.

AWS: "DescribeVpcs" (Amazon EC2 API Reference)
AWS: "DescribeVpcEndpoints" (Amazon EC2 API Reference)
AWS: "DescribeVpcPeeringConnections" (Amazon EC2 API Reference)
AWS: "DescribeNetworkInterfaces" (Amazon EC2 API Reference)
AWS: "DescribeRouteTables" (Amazon EC2 API Reference)
AWS: "List and filter your resources" (Amazon EC2 User Guide)
AWS: "Default endpoint policy" (AWS PrivateLink Guide)
AWS: "FlowLog" (Amazon EC2 API Reference)
Test: descriptions.test.ts: finds VPCs by a pattern of their block, %s
Test: descriptions.test.ts: finds the endpoints of one VPC, each with its policy, or the default policy that allows everything
Test: descriptions.test.ts: names the security groups of an endpoint
Test: descriptions.test.ts: finds peerings by either VPC
Test: descriptions.test.ts: finds the route tables that have a route over one peering
Test: descriptions.test.ts: names the log group of a flow log

Values of a filter may hold `*` and `?`. An endpoint's policy is in the answer, and an endpoint made
without one allows everything. A flow log has a `logGroupName`. MiniStack ignores filters that it
does not know, and so answers for every VPC of the account.
"""

from __future__ import annotations

import fnmatch
import json
import re
from collections.abc import Callable, Iterable
from typing import Any
from xml.sax.saxutils import escape

from ministack.services import ec2

from ..patch import Patch
from ..shapes import Answer, Original, Params, Record
from .changes import blocks_of, saying_more

_DESCRIBED_FLOW_LOG = re.compile(r"<flowLogId>([^<]+)</flowLogId>")
_EVERYTHING = {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}
_ACTIONS = "ministack.services.ec2._ACTION_MAP"

PATCH = Patch(__name__, after=["ec2.changes"])

Values = Callable[[Record], Iterable[str]]


def _side(which: str) -> Values:
    return lambda record: [record[which]["VpcId"]]


# Action: (records by id, parameter that names ids, set in the answer, filters that MiniStack does not know).
_FILTERED: dict[str, tuple[Callable[[], Any], str, str, dict[str, Values]]] = {
    "DescribeVpcs": (lambda: ec2._vpcs, "VpcId", "vpcSet", {"cidr-block-association.cidr-block": blocks_of}),
    "DescribeVpcEndpoints": (
        lambda: ec2._vpc_endpoints,
        "VpcEndpointId",
        "vpcEndpointSet",
        {"vpc-id": lambda record: [record["VpcId"]]},
    ),
    "DescribeVpcPeeringConnections": (
        lambda: ec2._vpc_peering,
        "VpcPeeringConnectionId",
        "vpcPeeringConnectionSet",
        {
            "requester-vpc-info.vpc-id": _side("RequesterVpcInfo"),
            "accepter-vpc-info.vpc-id": _side("AccepterVpcInfo"),
        },
    ),
    "DescribeNetworkInterfaces": (
        lambda: ec2._network_interfaces,
        "NetworkInterfaceId",
        "networkInterfaceSet",
        {"vpc-id": lambda record: [record["VpcId"]]},
    ),
    "DescribeRouteTables": (
        lambda: ec2._route_tables,
        "RouteTableId",
        "routeTableSet",
        {
            "route.vpc-peering-connection-id": lambda record: [
                route["VpcPeeringConnectionId"] for route in record["Routes"] if route.get("VpcPeeringConnectionId")
            ],
        },
    ),
}


def _describe_matching(action: str, describe: Original, params: Params) -> Answer:
    records, id_parameter, answer_set, added = _FILTERED[action]
    wanted = {name: values for name, values in ec2._parse_filters(params).items() if name in added}
    if not wanted:
        return describe(params)
    named = ec2._parse_member_list(params, id_parameter)
    checks = [(added[name], _matcher(values)) for name, values in wanted.items()]
    matching = [
        record_id
        for record_id, record in records().items()
        if (not named or record_id in named) and all(any(map(fits, of(record))) for of, fits in checks)
    ]
    if not matching:
        return ec2._xml(200, f"{action}Response", f"<{answer_set}/>")
    return describe(_naming(params, id_parameter, matching, wanted))


@PATCH.wraps(f"{_ACTIONS}[DescribeVpcs]", digest="46cda1e8")
def _describe_vpcs(describe: Original, params: Params) -> Answer:
    return _describe_matching("DescribeVpcs", describe, params)


@PATCH.wraps(f"{_ACTIONS}[DescribeVpcEndpoints]", digest="d28c8406")
def _describe_endpoints(describe: Original, params: Params) -> Answer:
    return _describe_matching("DescribeVpcEndpoints", describe, params)


@PATCH.wraps(f"{_ACTIONS}[DescribeVpcPeeringConnections]", digest="c0352ee5")
def _describe_peerings(describe: Original, params: Params) -> Answer:
    return _describe_matching("DescribeVpcPeeringConnections", describe, params)


@PATCH.wraps(f"{_ACTIONS}[DescribeNetworkInterfaces]", digest="13503bcd")
def _describe_interfaces(describe: Original, params: Params) -> Answer:
    return _describe_matching("DescribeNetworkInterfaces", describe, params)


@PATCH.wraps(f"{_ACTIONS}[DescribeRouteTables]", digest="5ffc61f9")
def _describe_route_tables(describe: Original, params: Params) -> Answer:
    return _describe_matching("DescribeRouteTables", describe, params)


def _matcher(patterns: list[str]) -> Callable[[str], object]:
    if not any(sign in pattern for pattern in patterns for sign in "*?"):
        return frozenset(patterns).__contains__
    return re.compile("|".join(map(fnmatch.translate, patterns))).match


def _naming(params: Params, id_parameter: str, ids: list[str], answered: Iterable[str]) -> Params:
    """The same request for these ids, without the filters that have been answered."""
    left = [(name, values) for name, values in ec2._parse_filters(params).items() if name not in answered]
    kept = {key: value for key, value in params.items() if not key.startswith((f"{id_parameter}.", "Filter."))}
    for index, record_id in enumerate(ids, 1):
        kept[f"{id_parameter}.{index}"] = [record_id]
    for index, (name, values) in enumerate(left, 1):
        kept[f"Filter.{index}.Name"] = [name]
        kept.update({f"Filter.{index}.Value.{at}": [value] for at, value in enumerate(values, 1)})
    return kept


@PATCH.wraps("ministack.services.ec2._vpce_fields_xml", digest="dfa96a7d")
def _render_with_policy(render: Original, endpoint: Record, tag: str = "item") -> str:
    policy = endpoint.get("PolicyDocument") or {"Version": "2008-10-17", "Statement": [_EVERYTHING]}
    text = policy if isinstance(policy, str) else json.dumps(policy)
    groups = "".join(f"<item><groupId>{group}</groupId></item>" for group in endpoint.get("Groups", []))
    more = f"<policyDocument>{escape(text)}</policyDocument><groupSet>{groups}</groupSet>"
    answer: str = render(endpoint, tag).rstrip()
    return answer.removesuffix(f"</{tag}>") + f"{more}</{tag}>"


@PATCH.wraps(f"{_ACTIONS}[DescribeFlowLogs]", digest="39dfacab")
def _describe_with_log_group(describe: Original, params: Params) -> Answer:
    return saying_more(describe(params), _DESCRIBED_FLOW_LOG, _log_group_of)


def _log_group_of(flow_log_id: str) -> str:
    flow_log = ec2._flow_logs[flow_log_id]
    if flow_log["LogDestinationType"] != "cloud-watch-logs" or not flow_log["LogDestination"]:
        return ""
    return f"<logGroupName>{escape(flow_log['LogDestination'].split(':log-group:')[-1])}</logGroupName>"
