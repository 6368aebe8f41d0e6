"""A network interface says which public address it has.

AWS: "AssociateAddress" (Amazon EC2 API Reference): an Elastic IP address goes to an instance or to a network interface;
"NetworkInterface": `association` names it. MiniStack keeps the instance alone.
"""

from __future__ import annotations

from ministack.services import ec2


def apply() -> None:
    associate, render = ec2._associate_address, ec2._eni_fields_xml
    assert ec2._ACTION_MAP["AssociateAddress"] is associate, "AssociateAddress is handled elsewhere now"
    assert render.__code__.co_varnames[:2] == ("eni", "tag"), "_eni_fields_xml takes other arguments now"

    def associate_with_interface(params):
        answer = associate(params)
        address = ec2._addresses.get(ec2._p(params, "AllocationId"))
        if answer[0] == 200 and address:
            address["NetworkInterfaceId"] = ec2._p(params, "NetworkInterfaceId")
        return answer

    def render_with_association(eni, tag="item"):
        answer = render(eni, tag)
        for address in ec2._addresses.values():
            if address.get("AssociationId") and address.get("NetworkInterfaceId") == eni["NetworkInterfaceId"]:
                association = f"<association><publicIp>{address['PublicIp']}</publicIp></association>"
                return answer.replace(f"<{tag}>", f"<{tag}>{association}", 1)
        return answer

    ec2._ACTION_MAP["AssociateAddress"] = associate_with_interface
    ec2._eni_fields_xml = render_with_association
