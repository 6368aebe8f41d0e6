"""An instance has a network interface in its subnet, from its launch until it is terminated.

AWS: "RunInstances" (Amazon EC2 API Reference)
AWS: "Elastic network interfaces" (Amazon EC2 User Guide)
Test: descriptions.test.ts: an instance has a network interface in its subnet until it is terminated

MiniStack's instances have none.
"""

from __future__ import annotations

from ministack.services import ec2

from ..patch import Patch
from ..shapes import Answer, Original, Params, Record, ids_in

_ACTIONS = "ministack.services.ec2._ACTION_MAP"

PATCH = Patch(__name__, after=["speed.ec2_lookups"])


@PATCH.wraps(f"{_ACTIONS}[RunInstances]", digest="d1fa3203")
def _run(run: Original, params: Params) -> Answer:
    answer: Answer = run(params)
    for instance_id in ids_in(answer, "i") if answer[0] == 200 else []:
        _attach(ec2._instances[instance_id])
    return answer


def _attach(instance: Record) -> None:
    groups = {
        f"SecurityGroupId.{n}": [group["GroupId"]]
        for n, group in enumerate(instance.get("SecurityGroups", []), start=1)
    }
    created = ec2._create_network_interface({"SubnetId": [instance["SubnetId"]], **groups})
    interface = {"NetworkInterfaceId": ids_in(created, "eni")[:1], "InstanceId": [instance["InstanceId"]]}
    ec2._attach_network_interface({**interface, "DeviceIndex": ["0"]})


@PATCH.wraps(f"{_ACTIONS}[TerminateInstances]", digest="f9469487")
def _terminate(terminate: Original, params: Params) -> Answer:
    answer: Answer = terminate(params)
    if answer[0] == 200:
        ended = ec2._parse_member_list(params, "InstanceId")
        for interface_id, interface in list(ec2._network_interfaces.items()):
            if (interface["Attachment"] or {}).get("InstanceId") in ended:
                del ec2._network_interfaces[interface_id]
    return answer
