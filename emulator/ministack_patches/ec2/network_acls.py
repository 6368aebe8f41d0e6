"""The default network ACL of a VPC governs each subnet that no other ACL governs.

AWS: "Control subnet traffic with network access control lists" (Amazon VPC User Guide)
AWS: "ReplaceNetworkAclAssociation" (Amazon EC2 API Reference)
AWS: "CreateNetworkAclEntry" (Amazon EC2 API Reference)
Test: members.test.ts: each subnet has the default network ACL until it gets another one
Test: members.test.ts: a rule of a network ACL tells its ports

An association has an id and a subnet, and moves to another ACL under a new id. A rule of TCP or UDP has a range of
ports. MiniStack associates no subnet, loses the subnet of an association that moves, and knows no ports.
"""

from __future__ import annotations

import random
import re
import string
from typing import Any

from ministack.services import ec2

from ..patch import Patch
from ..shapes import Answer, Original, Params, Record

_ACTIONS = "ministack.services.ec2._ACTION_MAP"
_NEW_ID = re.compile(r"<newAssociationId>([^<]+)</newAssociationId>")

PATCH = Patch(__name__)


def _associate_all() -> None:
    """Gives each subnet without an association that of its VPC's default ACL."""
    acls: list[Any] = list(ec2._network_acls.values())
    governed = {association["SubnetId"] for acl in acls for association in acl["Associations"]}
    for subnet_id, subnet in list(ec2._subnets.items()):
        default = next((acl for acl in acls if acl["IsDefault"] and acl["VpcId"] == subnet["VpcId"]), None)
        if subnet_id in governed or default is None:
            continue
        association = "aclassoc-" + "".join(random.choices(string.hexdigits[:16], k=17))
        default["Associations"].append({"NetworkAclAssociationId": association, "SubnetId": subnet_id})
    for acl in acls:
        acl["Associations"] = [each for each in acl["Associations"] if each["SubnetId"] in ec2._subnets]


@PATCH.wraps(f"{_ACTIONS}[DescribeNetworkAcls]", digest="f8a16913")
def _describe_associated(describe: Original, params: Params) -> Answer:
    _associate_all()
    answer: Answer = describe(params)
    return answer


@PATCH.wraps(f"{_ACTIONS}[ReplaceNetworkAclAssociation]", digest="2af893e5")
def _replace_with_subnet(replace: Original, params: Params) -> Answer:
    _associate_all()
    former = ec2._p(params, "AssociationId")
    associations = [each for acl in ec2._network_acls.values() for each in acl["Associations"]]
    subnet_id = next((each["SubnetId"] for each in associations if each["NetworkAclAssociationId"] == former), None)
    if subnet_id is None:
        message = f"The association ID '{former}' does not exist"
        return ec2._error("InvalidAssociationID.NotFound", message, 400)
    answer: Answer = replace(params)
    made = _NEW_ID.search(answer[2].decode() if isinstance(answer[2], bytes) else answer[2])
    for acl in ec2._network_acls.values():
        for each in acl["Associations"]:
            if made and each["NetworkAclAssociationId"] == made[1]:
                each["SubnetId"] = subnet_id
    return answer


@PATCH.wraps(f"{_ACTIONS}[CreateNetworkAclEntry]", digest="2dc48994")
def _create_with_ports(create: Original, params: Params) -> Answer:
    answer: Answer = create(params)
    ports = [ec2._p(params, f"PortRange.{end}") for end in ("From", "To")]
    if answer[0] == 200 and all(ports):
        ec2._network_acls[ec2._p(params, "NetworkAclId")]["Entries"][-1]["PortRange"] = ports
    return answer


@PATCH.wraps("ministack.services.ec2._network_acl_entry_xml", digest="4d8395ac")
def _render_with_ports(render: Original, entry: Record) -> str:
    text: str = render(entry)
    if "PortRange" not in entry:
        return text
    first, last = entry["PortRange"]
    return text.replace("</item>", f"<portRange><from>{first}</from><to>{last}</to></portRange></item>", 1)
