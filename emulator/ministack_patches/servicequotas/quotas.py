"""Service Quotas tells the values that the account has.

AWS: "GetServiceQuota" (Service Quotas API Reference)
AWS: "GetAWSDefaultServiceQuota" (Service Quotas API Reference)
Test: preflight.test.ts: Service Quotas returns the value that a test has set, and no quota for an unknown code

The emulator enforces none of the account's quotas, so each has a value that nothing reaches.
`POST /_local/quotas {"service", "code", "value"}` sets one. MiniStack has no Service Quotas.
"""

from __future__ import annotations

import json

from ministack.core.responses import error_response_json, get_account_id, get_region, json_response

from ..controls.routes import route
from ..patch import Patch
from ..shapes import Answer, Params, Record

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


PATCH.adds("ministack.core.router.SERVICE_PATTERNS[servicequotas]")(
    {"target_prefixes": ["ServiceQuotasV20190624"], "host_patterns": [r"servicequotas\."]}
)


@PATCH.adds("ministack.app.SERVICE_HANDLERS[servicequotas]")
async def _handle_request(method: str, path: str, headers: dict[str, str], body: bytes, query_params: Params) -> Answer:
    action = headers.get("x-amz-target", "").split(".")[-1]
    if action not in ("GetServiceQuota", "GetAWSDefaultServiceQuota"):
        return error_response_json("UnknownOperationException", f"no operation {action}", 400)
    return _quota(json.loads(body or b"{}"), applied=action == "GetServiceQuota")


def _quota(request: Record, applied: bool) -> Answer:
    service, code = request.get("ServiceCode", ""), request.get("QuotaCode", "")
    name = _NAMES.get((service, code))
    if name is None:
        return error_response_json("NoSuchResourceException", f"there is no quota {service} {code}", 400)
    value = _values.get((service, code), _ENOUGH) if applied else _ENOUGH
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
    return json_response({"Quota": quota})


@PATCH.adds(route("/_local/quotas"))
def _set(request: Record) -> Answer:
    _values[(request["service"], request["code"])] = float(request["value"])
    return json_response({})
