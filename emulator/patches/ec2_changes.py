"""What is changed in a VPC through EC2's API is kept, and is in the answers.

AWS (Amazon EC2 API Reference): "CreateRoute": a destination is an IPv4 block, an IPv6 block or a prefix list, and a table has
one route to it (RouteAlreadyExists); the way may be an egress-only internet gateway or a network interface.
"AssociateVpcCidrBlock": a VPC has further blocks, an IPv6 block among them, until they are disassociated.
"CreateVpcEndpoint", "ModifyVpcEndpoint": the endpoint's policy, which ResetPolicy takes away. "Gateway endpoints" (AWS PrivateLink
Guide): each of its route tables has a route to the service's prefix list that leads to the endpoint. "VpcPeeringConnection":
the block of either end.

MiniStack takes an IPv6 destination for none, and has nothing of the rest.
"""

from __future__ import annotations

import random
import re
import string
from collections.abc import Callable
from typing import Any
from xml.sax.saxutils import escape

from ministack.services import ec2

from .ec2_lookups import records_of

_DESTINATIONS = ("DestinationCidrBlock", "DestinationIpv6CidrBlock", "DestinationPrefixListId")
_WAYS = ("EgressOnlyInternetGatewayId", "NetworkInterfaceId")
_DESCRIBED_VPC = re.compile(r"VpcInfo><vpcId>([^<]+)</vpcId>")
_SETS = {"ipv4": ("cidrBlockAssociationSet", "cidrBlock"), "ipv6": ("ipv6CidrBlockAssociationSet", "ipv6CidrBlock")}


def apply() -> None:
    for name in ("_create_route", "_delete_route", "_create_vpc_endpoint", "_modify_vpc_endpoint"):
        action = "".join(part.title() for part in name.strip("_").split("_"))
        assert ec2._ACTION_MAP[action] is getattr(ec2, name), f"{action} is handled elsewhere now"
    for action in ("AssociateVpcCidrBlock", "DisassociateVpcCidrBlock"):
        assert action not in ec2._ACTION_MAP, f"{action} is there now"
    ec2._ACTION_MAP.update(
        CreateRoute=_create_route,
        DeleteRoute=_delete_route,
        CreateVpcEndpoint=_with_policy(ec2._create_vpc_endpoint),
        ModifyVpcEndpoint=_modify_endpoint(ec2._modify_vpc_endpoint),
        AssociateVpcCidrBlock=_associate_block,
        DisassociateVpcCidrBlock=_disassociate_block,
        DescribeVpcPeeringConnections=_with_blocks(ec2._ACTION_MAP["DescribeVpcPeeringConnections"]),
    )
    _describe_further_blocks()
    _describe_routes_of_endpoints()


def _random_id(prefix: str) -> str:
    return f"{prefix}-" + "".join(random.choices(string.hexdigits[:16], k=17))


# --- routes -----------------------------------------------------------------------------------------------------------


def _destination(params: dict) -> tuple[str, str]:
    return next(((name, value) for name in _DESTINATIONS if (value := ec2._p(params, name))), (_DESTINATIONS[0], ""))


def _create_route(params: dict) -> tuple:
    table = ec2._route_tables.get(ec2._p(params, "RouteTableId"))
    name, value = _destination(params)
    if table and any(route.get(name) == value for route in table["Routes"]):
        return ec2._error("RouteAlreadyExists", f"The route identified by {value} already exists.", 400)
    answer = ec2._create_route(params)
    if answer[0] == 200 and table:
        route = table["Routes"][-1]
        if name != "DestinationCidrBlock":
            del route["DestinationCidrBlock"]
            route[name] = value
        for way in _WAYS:
            if ec2._p(params, way):
                route.pop("GatewayId", None)
                route[way] = ec2._p(params, way)
    return answer


def _delete_route(params: dict) -> tuple:
    table = ec2._route_tables.get(ec2._p(params, "RouteTableId"))
    name, value = _destination(params)
    if table:
        kept = [route for route in table["Routes"] if route.get(name) != value]
        if len(kept) == len(table["Routes"]):
            return ec2._error("InvalidRoute.NotFound", f"no route with destination-cidr-block {value}", 400)
        table["Routes"] = kept
        return ec2._xml(200, "DeleteRouteResponse", "<return>true</return>")
    return ec2._delete_route(params)


def _describe_routes_of_endpoints() -> None:
    render = ec2._rtb_fields_xml
    assert render.__code__.co_varnames[:1] == ("rtb",), "route tables are described in another form now"

    def render_with_endpoints(table, tag="item"):
        leading = [
            {"DestinationPrefixListId": _prefix_list(endpoint["ServiceName"]), "GatewayId": endpoint_id, "Origin": "CreateRoute"}
            for endpoint_id, endpoint in records_of(ec2._vpc_endpoints, table["VpcId"])
            if endpoint["VpcEndpointType"] == "Gateway" and table["RouteTableId"] in endpoint["RouteTableIds"]
        ]
        return render({**table, "Routes": [*table["Routes"], *leading]}, tag)

    ec2._rtb_fields_xml = render_with_endpoints


def _prefix_list(service_name: str) -> str:
    return ec2._aws_pl_id_from_name(service_name)


# --- endpoints --------------------------------------------------------------------------------------------------------


def _with_policy(create: Any) -> Any:
    def create_with_policy(params):
        before = set(ec2._vpc_endpoints.keys())
        answer = create(params)
        made = next((key for key in ec2._vpc_endpoints.keys() if key not in before), None)
        if made:
            ec2._vpc_endpoints[made]["PolicyDocument"] = ec2._p(params, "PolicyDocument") or None
        return answer

    return create_with_policy


def _modify_endpoint(modify: Any) -> Any:
    def modify_or_reset(params):
        answer = modify(params)
        endpoint = ec2._vpc_endpoints.get(ec2._p(params, "VpcEndpointId"))
        if endpoint and ec2._p(params, "ResetPolicy") == "true":
            endpoint["PolicyDocument"] = None
        return answer

    return modify_or_reset


# --- blocks -----------------------------------------------------------------------------------------------------------


def _associate_block(params: dict) -> tuple:
    vpc_id = ec2._p(params, "VpcId")
    vpc = ec2._vpcs.get(vpc_id)
    if vpc is None:
        return ec2._error("InvalidVpcID.NotFound", f"The vpc ID '{vpc_id}' does not exist", 400)
    asked = ec2._p(params, "CidrBlock") or ec2._p(params, "Ipv6CidrBlock")
    version = "ipv4" if ec2._p(params, "CidrBlock") else "ipv6"
    block = {
        "block": asked or f"2a05:d014:{random.randrange(16**4):x}:{random.randrange(256):x}00::/56",
        "version": version,
        "id": _random_id("vpc-cidr-assoc"),
    }
    vpc["_further_blocks"] = [*vpc.get("_further_blocks", []), block]
    return _answer("AssociateVpcCidrBlock", vpc_id, block, "associating")


def _disassociate_block(params: dict) -> tuple:
    wanted = ec2._p(params, "AssociationId")
    for vpc in ec2._vpcs.values():
        for block in vpc.get("_further_blocks", []):
            if block["id"] == wanted:
                vpc["_further_blocks"] = [other for other in vpc["_further_blocks"] if other is not block]
                return _answer("DisassociateVpcCidrBlock", vpc["VpcId"], block, "disassociating")
    return ec2._error("InvalidVpcCidrBlockAssociationID.NotFound", f"The association ID '{wanted}' does not exist", 400)


def _answer(action: str, vpc_id: str, block: dict, state: str) -> tuple:
    name = _SETS[block["version"]][0].removesuffix("Set")
    body = f"<{name}>{_fields(block, state)}</{name}><vpcId>{vpc_id}</vpcId>"
    return ec2._xml(200, f"{action}Response", body)


def _fields(block: dict, state: str) -> str:
    _, name = _SETS[block["version"]]
    kept = f"<{name}State><state>{state}</state></{name}State>"
    return f"<{name}>{escape(block['block'])}</{name}><associationId>{block['id']}</associationId>{kept}"


def blocks_of(vpc: dict) -> list[str]:
    """Every IPv4 block of a VPC, the one it was made with first."""
    further = [block["block"] for block in vpc.get("_further_blocks", []) if block["version"] == "ipv4"]
    return [vpc["CidrBlock"], *further]


def _describe_further_blocks() -> None:
    render, closing = ec2._vpc_fields_xml, "</cidrBlockAssociationSet>"

    def render_all(vpc, tag="item"):
        answer = render(vpc, tag)
        assert closing in answer, "the blocks of a VPC are described in another form now"
        further = {"ipv4": "", "ipv6": ""}
        for block in vpc.get("_further_blocks", []):
            further[block["version"]] += f"<item>{_fields(block, 'associated')}</item>"
        ipv6 = f"<ipv6CidrBlockAssociationSet>{further['ipv6']}</ipv6CidrBlockAssociationSet>" if further["ipv6"] else ""
        return answer.replace(closing, f"{further['ipv4']}{closing}{ipv6}", 1)

    ec2._vpc_fields_xml = render_all


def _with_blocks(describe: Any) -> Any:
    def described(vpc_id):
        vpc = ec2._vpcs.get(vpc_id)
        if vpc is None:
            return ""
        every = "".join(f"<item><cidrBlock>{block}</cidrBlock></item>" for block in blocks_of(vpc))
        return f"<cidrBlock>{vpc['CidrBlock']}</cidrBlock><cidrBlockSet>{every}</cidrBlockSet>"

    return saying_more(describe, _DESCRIBED_VPC, described)


def saying_more(describe: Any, opening: re.Pattern, more: Callable[[str], str]) -> Any:
    """The same description, with what `more` says of each id right after the element that names it."""

    def describe_more(params):
        status, headers, body = describe(params)
        text = body.decode() if isinstance(body, bytes) else body
        text = opening.sub(lambda found: found[0] + more(found[1]), text)
        return status, headers, text.encode() if isinstance(body, bytes) else text

    return describe_more
