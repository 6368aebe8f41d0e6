"""The DHCP options that AWS gives to each new VPC are a set that can be described and associated again.

AWS: "DHCP option sets in Amazon VPC" (Amazon VPC User Guide)
AWS: "AssociateDhcpOptions" (Amazon EC2 API Reference)
Test: members.test.ts: the default DHCP options exist, and can be assigned to a VPC again

MiniStack names the set in each VPC and does not have it.
"""

from __future__ import annotations

from typing import Any

from ministack.core.responses import get_account_id, get_region
from ministack.services import ec2

from ..patch import Patch
from ..shapes import Original, Params

_DEFAULT = "dopt-00000001"

PATCH = Patch(__name__)


@PATCH.wraps("ministack.services.ec2._ACTION_MAP[AssociateDhcpOptions]", digest="a64cf5db")
@PATCH.wraps("ministack.services.ec2._ACTION_MAP[DescribeDhcpOptions]", digest="300fa861")
def _with_default(handle: Original, params: Params) -> Any:
    if _DEFAULT not in ec2._dhcp_options:
        ec2._dhcp_options[_DEFAULT] = {
            "DhcpOptionsId": _DEFAULT,
            "OwnerId": get_account_id(),
            "DhcpConfigurations": [
                {"Key": "domain-name", "Values": [f"{get_region()}.compute.internal"]},
                {"Key": "domain-name-servers", "Values": ["AmazonProvidedDNS"]},
            ],
        }
    return handle(params)
