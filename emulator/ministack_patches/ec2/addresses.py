"""A network interface tells which public address it has.

AWS: "AssociateAddress" (Amazon EC2 API Reference)
AWS: "NetworkInterface" (Amazon EC2 API Reference)
Test: further-changes.test.ts: a network interface keeps an assigned address until it is unassigned

An Elastic IP address goes to an instance or to a network interface, whose `association` names the
address. MiniStack keeps the instance only.
"""

from __future__ import annotations

from ministack.services import ec2

from ..patch import Patch
from ..shapes import Answer, Original, Params, Record

PATCH = Patch(__name__)


@PATCH.wraps("ministack.services.ec2._ACTION_MAP[AssociateAddress]", digest="259a58cb")
def _associate_with_interface(associate: Original, params: Params) -> Answer:
    answer: Answer = associate(params)
    address = ec2._addresses.get(ec2._p(params, "AllocationId"))
    if answer[0] == 200 and address:
        address["NetworkInterfaceId"] = ec2._p(params, "NetworkInterfaceId")
    return answer


@PATCH.wraps("ministack.services.ec2._eni_fields_xml", digest="40371e91")
def _render_with_association(render: Original, eni: Record, tag: str = "item") -> str:
    answer: str = render(eni, tag)
    for address in ec2._addresses.values():
        if address.get("AssociationId") and address.get("NetworkInterfaceId") == eni["NetworkInterfaceId"]:
            association = f"<association><publicIp>{address['PublicIp']}</publicIp></association>"
            return answer.replace(f"<{tag}>", f"<{tag}>{association}", 1)
    return answer
