"""EC2 answers a filtered description with what matches the filter, and says all that is asked about.

AWS: "DescribeVpcs", "DescribeVpcEndpoints", "DescribeVpcPeeringConnections", "DescribeNetworkInterfaces", "DescribeRouteTables"
(Amazon EC2 API Reference) list the filters; values may hold `*` and `?` ("List and filter your resources"). "VpcEndpoint": the
policy is in the answer, and an endpoint made without one allows everything ("Default endpoint policy"). "FlowLog":
`logGroupName`.

MiniStack leaves filters out that it does not know, which answers for every VPC of the account.
"""

from __future__ import annotations

import fnmatch
import json
import re
from typing import Any, Callable, Iterable
from xml.sax.saxutils import escape

from ministack.services import ec2

from .ec2_changes import blocks_of, saying_more

_DESCRIBED_FLOW_LOG = re.compile(r"<flowLogId>([^<]+)</flowLogId>")

Values = Callable[[dict], Iterable[str]]


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


def apply() -> None:
    for action, (records, *_) in _FILTERED.items():
        assert action in ec2._ACTION_MAP, f"{action} is handled elsewhere now"
        records()
        ec2._ACTION_MAP[action] = _filtered(action, ec2._ACTION_MAP[action])
    _describe_endpoint_policies()
    _describe_log_groups()


def _filtered(action: str, describe: Callable) -> Callable:
    records, id_parameter, answer_set, added = _FILTERED[action]

    def describe_matching(params):
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

    return describe_matching


def _matcher(patterns: list[str]) -> Callable[[str], bool]:
    if not any(sign in pattern for pattern in patterns for sign in "*?"):
        return frozenset(patterns).__contains__
    return re.compile("|".join(map(fnmatch.translate, patterns))).match


def _naming(params: dict, id_parameter: str, ids: list[str], answered: dict) -> dict:
    """The same request for these ids, without the filters that have been answered."""
    left = [(name, values) for name, values in ec2._parse_filters(params).items() if name not in answered]
    kept = {key: value for key, value in params.items() if not key.startswith((f"{id_parameter}.", "Filter."))}
    for index, record_id in enumerate(ids, 1):
        kept[f"{id_parameter}.{index}"] = [record_id]
    for index, (name, values) in enumerate(left, 1):
        kept[f"Filter.{index}.Name"] = [name]
        kept.update({f"Filter.{index}.Value.{at}": [value] for at, value in enumerate(values, 1)})
    return kept


def _describe_endpoint_policies() -> None:
    render = ec2._vpce_fields_xml
    everything = {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}

    def render_with_policy(endpoint, tag="item"):
        policy = endpoint.get("PolicyDocument") or {"Version": "2008-10-17", "Statement": [everything]}
        text = policy if isinstance(policy, str) else json.dumps(policy)
        answer = render(endpoint, tag)
        assert answer.rstrip().endswith(f"</{tag}>"), "an endpoint is described in another form now"
        return answer.rstrip()[: -len(f"</{tag}>")] + f"<policyDocument>{escape(text)}</policyDocument></{tag}>"

    ec2._vpce_fields_xml = render_with_policy


def _describe_log_groups() -> None:
    def log_group_of(flow_log_id):
        flow_log = ec2._flow_logs[flow_log_id]
        if flow_log["LogDestinationType"] != "cloud-watch-logs" or not flow_log["LogDestination"]:
            return ""
        return f"<logGroupName>{escape(flow_log['LogDestination'].split(':log-group:')[-1])}</logGroupName>"

    ec2._ACTION_MAP["DescribeFlowLogs"] = saying_more(ec2._ACTION_MAP["DescribeFlowLogs"], _DESCRIBED_FLOW_LOG, log_group_of)
