"""RDS offers an engine on instance classes, each with its storage and its zones.

AWS: "DescribeOrderableDBInstanceOptions" (Amazon RDS API Reference)
AWS: "Amazon RDS DB instance storage" (Amazon RDS User Guide)
Test: preflight.test.ts: RDS offers PostgreSQL 18 on gp3 in three zones, and returns nothing for an instance class that it lacks

MiniStack offers neither gp3 nor the classes of this product's plans, in two zones.
`POST /_local/database-offers {"class", "offered": false}` takes a class off the list.
"""

from __future__ import annotations

from ministack.core.responses import get_region, json_response
from ministack.services import rds

from ..controls.routes import route
from ..patch import Patch
from ..shapes import Answer, Params, Record

_DESCRIBE = "DescribeOrderableDBInstanceOptions"
_VERSIONS = ("18.3", "18.1", "17.5", "16.4")
_CLASSES = ("db.t4g.medium", "db.t4g.large", "db.r6g.large", "db.r6g.xlarge", "db.m7g.large")

_withdrawn: set[str] = set()

PATCH = Patch(__name__, after=["controls.routes"])


@PATCH.replaces(
    "ministack.services.rds._describe_orderable_options",
    f"ministack.services.rds._ACTION_MAP[{_DESCRIBE}]",
    digest="2a1ab7af",
)
def _describe_offers(params: Params) -> Answer:
    engine = rds._p(params, "Engine")
    version, instance_class = rds._p(params, "EngineVersion"), rds._p(params, "DBInstanceClass")
    options = [
        _option(engine, each, offered)
        for each in _VERSIONS
        if engine == "postgres" and (not version or each == version)
        for offered in _CLASSES
        if offered not in _withdrawn and (not instance_class or offered == instance_class)
    ]
    members = f"<OrderableDBInstanceOptions>{''.join(options)}</OrderableDBInstanceOptions>"
    return rds._xml(200, f"{_DESCRIBE}Response", f"<{_DESCRIBE}Result>{members}</{_DESCRIBE}Result>")


def _option(engine: str, version: str, instance_class: str) -> str:
    zones = "".join(f"<AvailabilityZone><Name>{get_region()}{zone}</Name></AvailabilityZone>" for zone in "abc")
    return (
        f"<OrderableDBInstanceOption><Engine>{engine}</Engine><EngineVersion>{version}</EngineVersion>"
        f"<DBInstanceClass>{instance_class}</DBInstanceClass><AvailabilityZones>{zones}</AvailabilityZones>"
        "<MultiAZCapable>true</MultiAZCapable><ReadReplicaCapable>true</ReadReplicaCapable><Vpc>true</Vpc>"
        "<SupportsStorageEncryption>true</SupportsStorageEncryption><StorageType>gp3</StorageType>"
        "<SupportsIAMDatabaseAuthentication>true</SupportsIAMDatabaseAuthentication>"
        "</OrderableDBInstanceOption>"
    )


@PATCH.adds(route("/_local/database-offers"))
def _offer(request: Record) -> Answer:
    if request["offered"]:
        _withdrawn.discard(request["class"])
    else:
        _withdrawn.add(request["class"])
    return json_response({})
