"""The beginning, the end and the failure of a service's deployment are events on the default bus.

AWS: "Amazon ECS service deployment state change events" (Amazon ECS Developer Guide)
Test: ecs.test.ts: a deployment sends an event at its start and at its end, with its id
Test: ecs.test.ts: a deployment whose image %s fails, with the reason

Source `aws.ecs`, detail-type `ECS Deployment State Change`. The service is in `resources`; the detail
names the deployment, and no cluster.
"""

from __future__ import annotations

import json
import logging
from typing import Any

from ministack.services import ecs, eventbridge

from ..patch import Patch
from ..shapes import Original, Record

_ECS = "ministack.services.ecs"
_TOLD = {
    "IN_PROGRESS": ("INFO", "SERVICE_DEPLOYMENT_IN_PROGRESS"),
    "COMPLETED": ("INFO", "SERVICE_DEPLOYMENT_COMPLETED"),
    "FAILED": ("ERROR", "SERVICE_DEPLOYMENT_FAILED"),
}

logger = logging.getLogger("patches")

PATCH = Patch(__name__, after=["ecs.targets"])


@PATCH.wraps(f"{_ECS}._make_deployment", digest="41c13e82")
def _made(make: Original, *args: Any, **kwargs: Any) -> Record:
    deployment: Record = make(*args, **kwargs)
    deployment["_told"] = deployment["rolloutState"]
    return deployment


@PATCH.wraps(f"{_ECS}._refresh_service_state", digest="fca5721b")
def _refreshed(refresh: Original, cluster_name: str, group: str) -> None:
    refresh(cluster_name, group)
    if group:
        _tell(f"{cluster_name}/{group.partition(':')[2]}")


@PATCH.wraps(f"{_ECS}._record_service_task_failure", digest="f9ddf9e0")
def _failed(record: Original, task: Record, *args: Any, **kwargs: Any) -> None:
    record(task, *args, **kwargs)
    cluster = ecs._cluster_name_from_arn(task.get("clusterArn", ""))
    _tell(f"{cluster}/{task.get('group', '').partition(':')[2]}")


def _tell(key: str) -> None:
    service = ecs._services.get(key)
    for deployment in list((service or {}).get("deployments", [])):
        state = deployment["rolloutState"]
        if deployment.get("_told") == state:
            continue
        deployment["_told"] = state
        kind, name = _TOLD[state]
        detail = {
            "eventType": kind,
            "eventName": name,
            "deploymentId": deployment["id"],
            "updatedAt": deployment["updatedAt"],
            "reason": deployment.get("rolloutStateReason") or f"ECS deployment {deployment['id']} in progress.",
        }
        entry = {
            "Source": "aws.ecs",
            "DetailType": "ECS Deployment State Change",
            "Detail": json.dumps(detail),
            "Resources": [service["serviceArn"]] if service else [],
        }
        try:
            eventbridge._put_events({"Entries": [entry]}, allow_aws_source=True)
        except Exception:
            logger.warning("event of deployment %s was not published", deployment["id"], exc_info=True)
