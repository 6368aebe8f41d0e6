"""Service Quotas tells the values that the account has.

AWS: "GetServiceQuota" (Service Quotas API Reference)
AWS: "GetAWSDefaultServiceQuota" (Service Quotas API Reference)
Test: preflight.test.ts: Service Quotas returns the value that a test has set, and no quota for an unknown code

The emulator enforces the quota of DB instances for restores and no other, so each has a value that nothing reaches.
`POST /_local/quotas {"service", "code", "value"}` sets one. MiniStack has no Service Quotas.
"""

from __future__ import annotations

from ministack.core.responses import get_account_id, get_region, json_response

from ..controls.routes import route
from ..further_services import Refused, serve
from ..patch import Patch
from ..shapes import Answer, Record

_ENOUGH = 1_000_000
_NAMES = {
    ("cloudformation", "L-0485CB21"): "Stack count",
    ("ec2", "L-0263D0A3"): "EC2-VPC Elastic IPs",
    ("fargate", "L-3032A538"): "Fargate On-Demand vCPU resource count",
    ("iam", "L-FE177D64"): "Roles per account",
    ("lambda", "L-B99A9384"): "Concurrent executions",
    ("rds", "L-48C6BF61"): "DB subnet groups",
    ("rds", "L-7B6409FD"): "DB instances",
    ("rds", "L-DE55804A"): "Parameter groups",
    ("vpc", "L-1B52E74A"): "Gateway VPC endpoints per Region",
    ("vpc", "L-7E9ECCDB"): "Active VPC peering connections per VPC",
    ("vpc", "L-93826ACB"): "Routes per route table",
    ("vpc", "L-F678F1CE"): "VPCs per Region",
}

_values: dict[tuple[str, str], float] = {}

PATCH = Patch(__name__, after=["controls.routes"])


def applied_quota(service: str, code: str) -> float:
    return _values.get((service, code), _ENOUGH)


def _quota(request: Record, applied: bool) -> Record:
    service, code = request.get("ServiceCode", ""), request.get("QuotaCode", "")
    name = _NAMES.get((service, code))
    if name is None:
        raise Refused("NoSuchResourceException", f"there is no quota {service} {code}")
    value = applied_quota(service, code) if applied else _ENOUGH
    quota = {
        "ServiceCode": service,
        "QuotaCode": code,
        "QuotaName": name,
        "QuotaArn": f"arn:aws:servicequotas:{get_region()}:{get_account_id()}:{service}/{code}",
        "Value": value,
        "Unit": "None",
        "Adjustable": True,
        "GlobalQuota": service == "iam",
    }
    return {"Quota": quota}


serve(
    PATCH,
    "servicequotas",
    "ServiceQuotasV20190624",
    {
        "GetServiceQuota": lambda request, _: _quota(request, applied=True),
        "GetAWSDefaultServiceQuota": lambda request, _: _quota(request, applied=False),
    },
)


@PATCH.adds(route("/_local/quotas"))
def _set(request: Record) -> Answer:
    _values[(request["service"], request["code"])] = float(request["value"])
    return json_response({})
