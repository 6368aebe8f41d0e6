"""What is of one VPC, or of one key, is found by it, however much else there is.

AWS: "CreateRoute" (Amazon EC2 API Reference)
AWS: "Update your route tables for a VPC peering connection" (Amazon VPC Peering Guide)
Test: test_speed.py: test_what_is_of_one_vpc_is_found_by_it
Test: test_speed.py: test_aliases_of_one_key_are_found_by_it

AWS's answers do not take longer the more an account holds of others; MiniStack walks through
everything to find what one filter admits. While such a request is answered, a store shows only what
can match it: what is named by id, or what an index has of the VPC. Everything else about the
request is answered as before.

A route over a peering is in a table of one of the peering's two VPCs, so those are where to look
for it.
"""

from __future__ import annotations

import contextvars
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

from ministack.services import ec2, kms

from ..patch import PACKAGE, Patch
from ..shapes import Answer, Original, Params, Record

Owners = Callable[[Any], Iterable[str]]

_shown: contextvars.ContextVar[dict[int, list[str]]] = contextvars.ContextVar("shown")
_indexes: dict[str, Index] = {}

PATCH = Patch(__name__, after=["ec2.changes", "ec2.descriptions"])


class Index:
    """Keys of a store by whom their records belong to. A record that has changed or gone is noticed when it is read."""

    def __init__(self, store: Any, owners: Owners) -> None:
        self.store, self.owners = store, owners
        self.keys: defaultdict[str, dict[str, None]] = defaultdict(dict)
        for (*_, key), record in list(store._data.items()):
            self.add(key, record)
        store.__class__ = _narrowing(type(store), self)

    def add(self, key: str, record: Any) -> None:
        for owner in self.owners(record):
            self.keys[owner][key] = None

    def of(self, owner: str) -> list[str]:
        def is_still(key: str) -> bool:
            record = self.store.get(key)
            return record is not None and owner in self.owners(record)

        return [key for key in list(self.keys.get(owner, ())) if is_still(key)]


def _narrowing(base: type, index: Index) -> type:
    class Narrowing(base):
        __slots__ = ()

        def __setitem__(self, key: str, record: Any) -> None:
            super().__setitem__(key, record)
            index.add(key, record)

        def set_scoped(self, account_id: str, region: str, key: str, record: Any) -> None:
            super().set_scoped(account_id, region, key, record)
            index.add(key, record)

        def keys(self) -> list[str]:
            shown = _shown.get({}).get(id(self))
            return list(super().keys()) if shown is None else shown

        def values(self) -> list[Any]:
            shown = _shown.get({}).get(id(self))
            return list(super().values()) if shown is None else [self[key] for key in shown]

        def items(self) -> list[tuple[str, Any]]:
            shown = _shown.get({}).get(id(self))
            return list(super().items()) if shown is None else [(key, self[key]) for key in shown]

    return Narrowing


def _showing(store: Any, keys: Iterable[str], answer: Callable[[], Any]) -> Any:
    shown = [key for key in dict.fromkeys(keys) if key in store]
    token = _shown.set({**_shown.get({}), id(store): shown})
    try:
        return answer()
    finally:
        _shown.reset(token)


def _vpc(record: Record) -> list[str]:
    return [record["VpcId"]] if record.get("VpcId") else []


def _vpcs_of_peering(peering: Record) -> list[str]:
    return [peering[side]["VpcId"] for side in ("RequesterVpcInfo", "AccepterVpcInfo")]


def _tables_near(peering_id: str) -> list[str]:
    peering = ec2._vpc_peering.get(peering_id)
    return [
        key for vpc_id in (_vpcs_of_peering(peering) if peering else ()) for key in _indexes["route tables"].of(vpc_id)
    ]


@PATCH.when_applied
def _index() -> None:
    _indexes.update(
        {
            "subnets": Index(ec2._subnets, _vpc),
            "route tables": Index(ec2._route_tables, _vpc),
            "endpoints": Index(ec2._vpc_endpoints, _vpc),
            "peerings": Index(ec2._vpc_peering, _vpcs_of_peering),
            "security groups": Index(ec2._security_groups, _vpc),
            "flow logs": Index(ec2._flow_logs, lambda record: [record["ResourceId"]]),
            "network interfaces": Index(ec2._network_interfaces, _vpc),
            "aliases": Index(kms._aliases, lambda target: [target]),
        }
    )


def _of(index: str) -> Callable[[str], list[str]]:
    return lambda owner: _indexes[index].of(owner)


def _narrowed(
    action: str, digest: str, store: Any, id_parameter: str, known: dict[str, Callable[[str], list[str]]]
) -> None:
    @PATCH.wraps(f"ministack.services.ec2._ACTION_MAP[{action}]", digest=digest)
    def describe_few(describe: Original, params: Params) -> Answer:
        named = ec2._parse_member_list(params, id_parameter)
        if named:
            return _showing(store, named, lambda: describe(params))
        for name, values in ec2._parse_filters(params).items():
            if name in known and not any(sign in value for value in values for sign in "*?"):
                matching = [key for value in values for key in known[name](value)]
                return _showing(store, matching, lambda: describe(params))
        return describe(params)


_narrowed("DescribeSubnets", "4e3bc9ac", ec2._subnets, "SubnetId", {"vpc-id": _of("subnets")})
_narrowed(
    "DescribeRouteTables",
    "5ffc61f9",
    ec2._route_tables,
    "RouteTableId",
    {"vpc-id": _of("route tables"), "route.vpc-peering-connection-id": _tables_near},
)
_narrowed("DescribeVpcEndpoints", "d28c8406", ec2._vpc_endpoints, "VpcEndpointId", {"vpc-id": _of("endpoints")})
_narrowed(
    "DescribeVpcPeeringConnections",
    "c0352ee5",
    ec2._vpc_peering,
    "VpcPeeringConnectionId",
    {"requester-vpc-info.vpc-id": _of("peerings"), "accepter-vpc-info.vpc-id": _of("peerings")},
)
_narrowed("DescribeSecurityGroups", "e44e06b5", ec2._security_groups, "GroupId", {"vpc-id": _of("security groups")})
_narrowed("DescribeFlowLogs", "39dfacab", ec2._flow_logs, "FlowLogId", {"resource-id": _of("flow logs")})
_narrowed(
    "DescribeNetworkInterfaces",
    "13503bcd",
    ec2._network_interfaces,
    "NetworkInterfaceId",
    {"vpc-id": _of("network interfaces")},
)


@PATCH.replaces(f"{PACKAGE}.ec2.changes.endpoints_of", digest="fa4f5a24")
def _endpoints_of(vpc_id: str) -> list[tuple[str, Record]]:
    return [(key, ec2._vpc_endpoints[key]) for key in _indexes["endpoints"].of(vpc_id)]


@PATCH.wraps("ministack.services.kms._list_aliases", digest="0d82d006")
def _list_few_aliases(list_aliases: Original, data: Record) -> Answer:
    key = kms._resolve_key(data["KeyId"]) if data.get("KeyId") else None
    if not key:
        return list_aliases(data)
    return _showing(kms._aliases, _indexes["aliases"].of(key["KeyId"]), lambda: list_aliases(data))
