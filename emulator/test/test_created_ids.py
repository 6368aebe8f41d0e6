"""What a request has made is told by its answer, whoever else makes something at the same time."""

from __future__ import annotations

import re
from typing import Any

import pytest

pytestmark = pytest.mark.usefixtures("patched")


def _first(answer: Any) -> str:
    return re.findall(r"\b(?:vpc|subnet)-[0-9a-f]+", answer[2].decode())[0]


def _vpc(block: str) -> str:
    from ministack.services import ec2

    return _first(ec2._create_vpc({"CidrBlock": [block]}))


def _crowded(monkeypatch: pytest.MonkeyPatch, create: str) -> None:
    """Another stack makes the same kind of resource right before."""
    from ministack.services import ec2

    original = getattr(ec2, create)

    def create_after_another(params: Any) -> Any:
        original(params)
        return original(params)

    monkeypatch.setattr(ec2, create, create_after_another)


def test_a_stack_has_the_peering_that_it_has_made_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    from ministack.services import ec2

    from ministack_patches.cloudformation import types

    _crowded(monkeypatch, "_create_vpc_peering_connection")
    ends = {"VpcId": _vpc("10.1.0.0/24"), "PeerVpcId": _vpc("10.2.0.0/24")}
    peering_id, _ = types._create_peering("Peering", ends, "stack")
    assert peering_id == ec2._vpc_peering.keys()[-1]


@pytest.mark.parametrize(
    ("create", "make", "store"),
    [
        ("_create_flow_logs", "_create_flow_log", "_flow_logs"),
        ("_create_network_acl", "_create_acl", "_network_acls"),
    ],
)
def test_a_stack_has_the_resource_that_it_has_made_itself(
    monkeypatch: pytest.MonkeyPatch, create: str, make: str, store: str
) -> None:
    from ministack.services import ec2

    from ministack_patches.cloudformation import types

    _crowded(monkeypatch, create)
    vpc_id = _vpc("10.3.0.0/24")
    made_id, _ = getattr(types, make)("Made", {"VpcId": vpc_id, "ResourceId": vpc_id, "ResourceType": "VPC"}, "stack")
    assert made_id == list(getattr(ec2, store).keys())[-1]


def test_an_endpoint_has_the_policy_of_its_own_request(monkeypatch: pytest.MonkeyPatch) -> None:
    from ministack.services import ec2

    vpc_id = _vpc("10.4.0.0/24")
    request = {"VpcId": [vpc_id], "ServiceName": ["s3"], "PolicyDocument": ["{}"]}
    answer = ec2._ACTION_MAP["CreateVpcEndpoint"](request)
    (made,) = set(re.findall(r"vpce-[0-9a-f]+", answer[2].decode()))
    assert ec2._vpc_endpoints[made]["PolicyDocument"] == "{}"
