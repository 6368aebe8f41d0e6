"""EC2 keeps what its API changes in a VPC, and tells it in the answers.

AWS: "CreateRoute" (Amazon EC2 API Reference)
AWS: "AssociateVpcCidrBlock" (Amazon EC2 API Reference)
AWS: "CreateVpcEndpoint" (Amazon EC2 API Reference)
AWS: "ModifyVpcEndpoint" (Amazon EC2 API Reference)
AWS: "VpcPeeringConnection" (Amazon EC2 API Reference)
AWS: "Gateway endpoints" (AWS PrivateLink Guide)
Test: changes.test.ts: keeps an IPv6 route with its target, and refuses it a second time
Test: changes.test.ts: an endpoint has its policy, and adds a route to its route tables
Test: changes.test.ts: a VPC has additional CIDR blocks until they are removed, with routes, and is found by them
Test: changes.test.ts: a peering lists the CIDR blocks of both VPCs

A route's destination is an IPv4 block, an IPv6 block or a prefix list, and a table has one route to
it (RouteAlreadyExists). A route may lead to an egress-only internet gateway or to a network
interface. A VPC has further blocks, an IPv6 block among them, until they are disassociated; each
route table has a local route to each block. An
endpoint has a policy, which ResetPolicy takes away. Each route table of a gateway endpoint has a
route to the service's prefix list that leads to the endpoint. A peering tells the blocks of both
ends.

MiniStack takes an IPv6 destination for none, and has nothing of the rest.
"""

from __future__ import annotations

import random
import re
import string
from collections.abc import Callable, Iterable
from xml.sax.saxutils import escape

from ministack.services import ec2

from ..patch import Patch
from ..shapes import Answer, Original, Params, Record, ids_in

_DESTINATIONS = ("DestinationCidrBlock", "DestinationIpv6CidrBlock", "DestinationPrefixListId")
_WAYS = ("EgressOnlyInternetGatewayId", "NetworkInterfaceId")
_DESCRIBED_VPC = re.compile(r"VpcInfo><vpcId>([^<]+)</vpcId>")
_SETS = {"ipv4": ("cidrBlockAssociationSet", "cidrBlock"), "ipv6": ("ipv6CidrBlockAssociationSet", "ipv6CidrBlock")}
_ACTIONS = "ministack.services.ec2._ACTION_MAP"

PATCH = Patch(__name__)


def _random_id(prefix: str) -> str:
    return f"{prefix}-" + "".join(random.choices(string.hexdigits[:16], k=17))


# --- routes -----------------------------------------------------------------------------------------------------------


def _destination(params: Params) -> tuple[str, str]:
    return next(((name, value) for name in _DESTINATIONS if (value := ec2._p(params, name))), (_DESTINATIONS[0], ""))


@PATCH.wraps(f"{_ACTIONS}[CreateRoute]", digest="b0d6a49e")
def _create_route(create: Original, params: Params) -> Answer:
    table = ec2._route_tables.get(ec2._p(params, "RouteTableId"))
    name, value = _destination(params)
    if table and any(route.get(name) == value for route in table["Routes"]):
        return ec2._error("RouteAlreadyExists", f"The route identified by {value} already exists.", 400)
    answer: Answer = create(params)
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


@PATCH.wraps(f"{_ACTIONS}[DeleteRoute]", digest="357811da")
def _delete_route(delete: Original, params: Params) -> Answer:
    table = ec2._route_tables.get(ec2._p(params, "RouteTableId"))
    name, value = _destination(params)
    if table:
        kept = [route for route in table["Routes"] if route.get(name) != value]
        if len(kept) == len(table["Routes"]):
            return ec2._error("InvalidRoute.NotFound", f"no route with destination-cidr-block {value}", 400)
        table["Routes"] = kept
        return ec2._xml(200, "DeleteRouteResponse", "<return>true</return>")
    return delete(params)


@PATCH.wraps("ministack.services.ec2._rtb_fields_xml", digest="13d611c2")
def _render_with_endpoints(render: Original, table: Record, tag: str = "item") -> str:
    leading = [
        {
            "DestinationPrefixListId": ec2._aws_pl_id_from_name(endpoint["ServiceName"]),
            "GatewayId": endpoint_id,
            "Origin": "CreateRoute",
        }
        for endpoint_id, endpoint in endpoints_of(table["VpcId"])
        if endpoint["VpcEndpointType"] == "Gateway" and table["RouteTableId"] in endpoint["RouteTableIds"]
    ]
    local = [
        {"DestinationCidrBlock": block["block"], "GatewayId": "local", "Origin": "CreateRouteTable"}
        if block["version"] == "ipv4"
        else {"DestinationIpv6CidrBlock": block["block"], "GatewayId": "local", "Origin": "CreateRouteTable"}
        for block in ec2._vpcs.get(table["VpcId"], {}).get("_further_blocks", [])
    ]
    text: str = render({**table, "Routes": [*table["Routes"], *local, *leading]}, tag)
    return text


def endpoints_of(vpc_id: str) -> Iterable[tuple[str, Record]]:
    """Of each endpoint in the VPC its id and its record; speed.ec2_lookups finds them without a search."""
    return [(key, endpoint) for key, endpoint in ec2._vpc_endpoints.items() if endpoint["VpcId"] == vpc_id]


# --- endpoints --------------------------------------------------------------------------------------------------------


@PATCH.wraps(f"{_ACTIONS}[CreateVpcEndpoint]", digest="14d93d1a")
def _create_with_policy(create: Original, params: Params) -> Answer:
    answer: Answer = create(params)
    for made in ids_in(answer, "vpce") if answer[0] == 200 else []:
        ec2._vpc_endpoints[made]["PolicyDocument"] = ec2._p(params, "PolicyDocument") or None
        ec2._vpc_endpoints[made]["Groups"] = ec2._parse_member_list(params, "SecurityGroupId")
    return answer


@PATCH.wraps(f"{_ACTIONS}[ModifyVpcEndpoint]", digest="7ab373e0")
def _modify_or_reset(modify: Original, params: Params) -> Answer:
    answer: Answer = modify(params)
    endpoint = ec2._vpc_endpoints.get(ec2._p(params, "VpcEndpointId"))
    if endpoint and ec2._p(params, "ResetPolicy") == "true":
        endpoint["PolicyDocument"] = None
    return answer


# --- blocks -----------------------------------------------------------------------------------------------------------


@PATCH.adds(f"{_ACTIONS}[AssociateVpcCidrBlock]")
def _associate_block(params: Params) -> Answer:
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


@PATCH.adds(f"{_ACTIONS}[DisassociateVpcCidrBlock]")
def _disassociate_block(params: Params) -> Answer:
    wanted = ec2._p(params, "AssociationId")
    for vpc in ec2._vpcs.values():
        for block in vpc.get("_further_blocks", []):
            if block["id"] == wanted:
                vpc["_further_blocks"] = [other for other in vpc["_further_blocks"] if other is not block]
                return _answer("DisassociateVpcCidrBlock", vpc["VpcId"], block, "disassociating")
    return ec2._error("InvalidVpcCidrBlockAssociationID.NotFound", f"The association ID '{wanted}' does not exist", 400)


def _answer(action: str, vpc_id: str, block: Record, state: str) -> Answer:
    name = _SETS[block["version"]][0].removesuffix("Set")
    body = f"<{name}>{_fields(block, state)}</{name}><vpcId>{vpc_id}</vpcId>"
    return ec2._xml(200, f"{action}Response", body)


def _fields(block: Record, state: str) -> str:
    _, name = _SETS[block["version"]]
    kept = f"<{name}State><state>{state}</state></{name}State>"
    return f"<{name}>{escape(block['block'])}</{name}><associationId>{block['id']}</associationId>{kept}"


def blocks_of(vpc: Record) -> list[str]:
    """Every IPv4 block of a VPC, the one it was made with first."""
    further = [block["block"] for block in vpc.get("_further_blocks", []) if block["version"] == "ipv4"]
    return [vpc["CidrBlock"], *further]


@PATCH.wraps("ministack.services.ec2._vpc_fields_xml", digest="d2119dd5")
def _render_further_blocks(render: Original, vpc: Record, tag: str = "item") -> str:
    text: str = render(vpc, tag)
    further = {"ipv4": "", "ipv6": ""}
    for block in vpc.get("_further_blocks", []):
        further[block["version"]] += f"<item>{_fields(block, 'associated')}</item>"
    ipv6 = f"<ipv6CidrBlockAssociationSet>{further['ipv6']}</ipv6CidrBlockAssociationSet>" if further["ipv6"] else ""
    closing = "</cidrBlockAssociationSet>"
    return text.replace(closing, f"{further['ipv4']}{closing}{ipv6}", 1)


@PATCH.wraps(f"{_ACTIONS}[DescribeVpcPeeringConnections]", digest="c0352ee5")
def _describe_with_blocks(describe: Original, params: Params) -> Answer:
    def described(vpc_id: str) -> str:
        vpc = ec2._vpcs.get(vpc_id)
        if vpc is None:
            return ""
        every = "".join(f"<item><cidrBlock>{block}</cidrBlock></item>" for block in blocks_of(vpc))
        return f"<cidrBlock>{vpc['CidrBlock']}</cidrBlock><cidrBlockSet>{every}</cidrBlockSet>"

    return saying_more(describe(params), _DESCRIBED_VPC, described)


def saying_more(answer: Answer, opening: re.Pattern[str], more: Callable[[str], str]) -> Answer:
    """The same description, with what `more` says of each id right after the element that names it."""
    status, headers, body = answer
    text = body.decode() if isinstance(body, bytes) else body
    text = opening.sub(lambda found: found[0] + more(found[1]), text)
    return status, headers, text.encode() if isinstance(body, bytes) else text
