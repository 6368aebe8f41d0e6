"""What is of one VPC, or of one key, is found by it, however much else there is.

AWS's answers do not take longer the more an account holds of others; MiniStack walks through everything to find what one
filter admits. While such a request is answered, a store shows only what can match it: what is named by id, or what an index
has of the VPC. Everything else about the request is answered as before.

A route over a peering is in a table of one of the peering's two VPCs ("CreateRoute", "Update your route tables for a VPC
peering connection"), so those are where to look for it.
"""

from __future__ import annotations

import contextvars
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

from ministack.services import ec2, kms

Owners = Callable[[Any], Iterable[str]]

_shown: contextvars.ContextVar[dict[int, list[str]]] = contextvars.ContextVar("shown", default={})
_indexes: dict[int, "Index"] = {}


class Index:
    """Keys of a store by whom their records belong to. A record that has changed or gone is noticed when it is read."""

    def __init__(self, store: Any, owners: Owners):
        self.store, self.owners, self.keys = store, owners, defaultdict(dict)
        for (*_, key), record in list(store._data.items()):
            self.add(key, record)
        store.__class__ = _narrowing(type(store), self)
        _indexes[id(store)] = self

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

        def __setitem__(self, key, record):
            super().__setitem__(key, record)
            index.add(key, record)

        def set_scoped(self, account_id, region, key, record):
            super().set_scoped(account_id, region, key, record)
            index.add(key, record)

        def keys(self):
            shown = _shown.get().get(id(self))
            return super().keys() if shown is None else shown

        def values(self):
            shown = _shown.get().get(id(self))
            return super().values() if shown is None else [self[key] for key in shown]

        def items(self):
            shown = _shown.get().get(id(self))
            return super().items() if shown is None else [(key, self[key]) for key in shown]

    return Narrowing


def records_of(store: Any, owner: str) -> list[tuple[str, Any]]:
    index = _indexes.get(id(store))
    return store.items() if index is None else [(key, store[key]) for key in index.of(owner)]


def _showing(store: Any, keys: Iterable[str], answer: Callable[[], Any]) -> Any:
    shown = [key for key in dict.fromkeys(keys) if key in store]
    token = _shown.set({**_shown.get(), id(store): shown})
    try:
        return answer()
    finally:
        _shown.reset(token)


def _vpc(record: dict) -> list[str]:
    return [record["VpcId"]] if record.get("VpcId") else []


def _vpcs_of_peering(peering: dict) -> list[str]:
    return [peering[side]["VpcId"] for side in ("RequesterVpcInfo", "AccepterVpcInfo")]


def _tables_near(peering_id: str) -> list[str]:
    peering = ec2._vpc_peering.get(peering_id)
    tables = _indexes[id(ec2._route_tables)]
    return [key for vpc_id in (_vpcs_of_peering(peering) if peering else ()) for key in tables.of(vpc_id)]


def apply() -> None:
    def in_vpc(store, owners: Owners = _vpc) -> Callable[[str], list[str]]:
        return Index(store, owners).of

    peering = in_vpc(ec2._vpc_peering, _vpcs_of_peering)
    for action, store, id_parameter, filters in (
        ("DescribeSubnets", ec2._subnets, "SubnetId", {"vpc-id": in_vpc(ec2._subnets)}),
        (
            "DescribeRouteTables",
            ec2._route_tables,
            "RouteTableId",
            {"vpc-id": in_vpc(ec2._route_tables), "route.vpc-peering-connection-id": _tables_near},
        ),
        ("DescribeVpcEndpoints", ec2._vpc_endpoints, "VpcEndpointId", {"vpc-id": in_vpc(ec2._vpc_endpoints)}),
        (
            "DescribeVpcPeeringConnections",
            ec2._vpc_peering,
            "VpcPeeringConnectionId",
            {"requester-vpc-info.vpc-id": peering, "accepter-vpc-info.vpc-id": peering},
        ),
        ("DescribeSecurityGroups", ec2._security_groups, "GroupId", {"vpc-id": in_vpc(ec2._security_groups)}),
        (
            "DescribeFlowLogs",
            ec2._flow_logs,
            "FlowLogId",
            {"resource-id": in_vpc(ec2._flow_logs, lambda record: [record["ResourceId"]])},
        ),
        ("DescribeNetworkInterfaces", ec2._network_interfaces, "NetworkInterfaceId", {"vpc-id": in_vpc(ec2._network_interfaces)}),
    ):
        assert action in ec2._ACTION_MAP, f"{action} is handled elsewhere now"
        ec2._ACTION_MAP[action] = _narrowed(ec2._ACTION_MAP[action], store, id_parameter, filters)
    _aliases_of_one_key()


def _narrowed(describe: Callable, store: Any, id_parameter: str, known: dict[str, Callable[[str], list[str]]]) -> Callable:
    def describe_few(params):
        named = ec2._parse_member_list(params, id_parameter)
        if named:
            return _showing(store, named, lambda: describe(params))
        for name, values in ec2._parse_filters(params).items():
            if name in known and not any(sign in value for value in values for sign in "*?"):
                return _showing(store, [key for value in values for key in known[name](value)], lambda: describe(params))
        return describe(params)

    return describe_few


def _aliases_of_one_key() -> None:
    list_aliases = kms._list_aliases
    assert list_aliases.__code__.co_varnames[0] == "data", "_list_aliases takes other arguments now"
    by_key = Index(kms._aliases, lambda target: [target])

    def list_few(data):
        key = kms._resolve_key(data["KeyId"]) if data.get("KeyId") else None
        return _showing(kms._aliases, by_key.of(key["KeyId"]), lambda: list_aliases(data)) if key else list_aliases(data)

    kms._list_aliases = list_few
