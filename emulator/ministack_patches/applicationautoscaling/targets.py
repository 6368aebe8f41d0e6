"""A scalable target bounds the tasks of a service, and scaling can be suspended.

AWS: "RegisterScalableTarget" (Application Auto Scaling API Reference)
AWS: "DescribeScalableTargets" (Application Auto Scaling API Reference)
AWS: "Suspend and resume scaling for Application Auto Scaling" (Application Auto Scaling User Guide)
Test: ecs.test.ts: scaling never goes below the minimum, and not in while that is suspended

A target that exists is changed in what the request names, and keeps the rest. No policy is evaluated: `POST
/_local/scale {"service": "service/CLUSTER/NAME", "desired": 0}` is the decision of one. Scaling out goes to the maximum
at most, scaling in to the minimum at most, and neither while it is suspended. MiniStack has no Application Auto
Scaling.
"""

from __future__ import annotations

import hashlib
import time

from ministack.core.responses import get_account_id, get_region, json_response
from ministack.services import ecs

from ..controls.routes import route
from ..further_services import Handler, Refused, serve
from ..patch import Patch
from ..shapes import Answer, Record

# Account and region, service namespace, resource, dimension.
Key = tuple[str, str, str, str]

_targets: dict[Key, Record] = {}
_NOTHING_SUSPENDED = {
    "DynamicScalingInSuspended": False,
    "DynamicScalingOutSuspended": False,
    "ScheduledScalingSuspended": False,
}

PATCH = Patch(__name__, after=["controls.routes"])

PATCH.adds("ministack.core.iam_actions.SERVICE_TO_IAM_NAMESPACE[application-autoscaling]")("application-autoscaling")


def _place() -> str:
    return f"{get_region()}:{get_account_id()}"


def target_arn(place: str, resource: str) -> str:
    """The ARN by the id of a target, which AWS draws."""
    return (
        f"arn:aws:application-autoscaling:{place}:scalable-target/{hashlib.sha256(resource.encode()).hexdigest()[:40]}"
    )


def register(request: Record) -> Record:
    """@throws ValueError on a target that is new and lacks its bounds, or whose minimum is above its maximum"""
    key = (_place(), request["ServiceNamespace"], request["ResourceId"], request["ScalableDimension"])
    former = _targets.get(key)
    given = {name: int(request[name]) for name in ("MinCapacity", "MaxCapacity") if request.get(name) is not None}
    if former is None and len(given) < 2:
        raise ValueError("MinCapacity and MaxCapacity are required for a new scalable target")
    target = {
        "ServiceNamespace": key[1],
        "ResourceId": key[2],
        "ScalableDimension": key[3],
        "CreationTime": time.time(),
        "SuspendedState": dict(_NOTHING_SUSPENDED),
        **(former or {}),
        **given,
    }
    if target["MinCapacity"] > target["MaxCapacity"]:
        raise ValueError("MaxCapacity cannot be lower than MinCapacity")
    target["SuspendedState"] = {**target["SuspendedState"], **(request.get("SuspendedState") or {})}
    _targets[key] = target
    return {"ScalableTargetARN": target_arn(key[0], key[2])}


def deregister(namespace: str, resource: str, dimension: str) -> None:
    _targets.pop((_place(), namespace, resource, dimension), None)


def _register(request: Record, _: dict[str, str]) -> Record:
    try:
        return register(request)
    except ValueError as wrong:
        raise Refused("ValidationException", str(wrong)) from None


def _describe(request: Record, _: dict[str, str]) -> Record:
    wanted, dimension = request.get("ResourceIds"), request.get("ScalableDimension")
    found = [
        target
        for (place, namespace, resource, of), target in _targets.items()
        if place == _place()
        and namespace == request["ServiceNamespace"]
        and (not wanted or resource in wanted)
        and (not dimension or of == dimension)
    ]
    return {"ScalableTargets": found}


_REQUESTS: dict[str, Handler] = {
    "RegisterScalableTarget": _register,
    "DescribeScalableTargets": _describe,
}

serve(PATCH, "application-autoscaling", "AnyScaleFrontendService", _REQUESTS)


@PATCH.adds(route("/_local/scale"))
def _scale(request: Record) -> Answer:
    target = next((each for key, each in _targets.items() if key[2] == request["service"]), None)
    if target is None:
        raise ValueError(f"{request['service']} is no scalable target")
    _, cluster, name = request["service"].split("/")
    service = ecs._services[f"{cluster}/{name}"]
    now, suspended = int(service["desiredCount"]), target["SuspendedState"]
    desired = min(max(int(request["desired"]), target["MinCapacity"]), target["MaxCapacity"])
    way = "In" if desired < now else "Out"
    if desired == now or suspended[f"DynamicScaling{way}Suspended"]:
        return json_response({"desired": now})
    ecs._update_service({"cluster": cluster, "service": name, "desiredCount": desired})
    return json_response({"desired": desired})
